"""The live path: routes that carry samples. Knows the ports, not the libraries behind them."""
