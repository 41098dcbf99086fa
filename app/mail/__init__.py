"""What leaves by mail: wording, the message itself, the socket, and the queue that hands one to the other."""
