"""How the released network reads digits that MNIST's makers never saw: other people's, on other forms, by other scanners."""
