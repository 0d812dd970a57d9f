"""Array functions too long for an op's body: NumPy in, NumPy out."""
