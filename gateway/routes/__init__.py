"""What can be asked over HTTP, one topic a file. Routes translate; they decide nothing."""
