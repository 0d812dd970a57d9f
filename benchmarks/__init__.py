"""Speed, measured as a ratio: this library and a peer side by side in one process, interleaved, minimum and median."""
