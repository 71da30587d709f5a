"""Every decision a controller makes: pure machines, and the replica that composes them."""
