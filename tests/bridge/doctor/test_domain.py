"""Service types are known by their DDS names."""

from __future__ import annotations

from bridge.doctor.domain import service_types


def test_requests_and_replies_name_one_service_type():
    found = service_types(
        [
            "std_srvs::srv::dds_::SetBool_Request_",
            "std_srvs::srv::dds_::SetBool_Response_",
            "test_msgs::action::dds_::Fibonacci_SendGoal_Request_",
            "std_msgs::msg::dds_::String_",
            "anything else",
        ]
    )
    assert found == ("std_srvs/srv/SetBool", "test_msgs/action/Fibonacci_SendGoal")
