"""Arabic-Indic digits, read by a network of their own. It is trained from a file that the user names: neither the pictures nor what is
learnt from them is in this project, since what their licence allows is not settled."""
