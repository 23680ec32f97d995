"""What users would pick instead, each as its documentation has it and set up well, and the ceilings that no server like ours can pass.

They share the network, which is TorchScript, and the machine. Each is a program; an environment variable tells it its port, another the
network.
"""
