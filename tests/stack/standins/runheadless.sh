#!/bin/sh
# Stands for the simulator: says what it was given.
echo "started: $LD_LIBRARY_PATH $RMW_IMPLEMENTATION $FASTDDS_DEFAULT_PROFILES_FILE ${ZENLINK_TEST_WORKSPACE:-no workspace}"
