"""Measuring a link: transports with one signature, the echo behind them, the runner that keeps time."""
