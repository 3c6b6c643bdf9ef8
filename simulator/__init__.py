"""A simulated PBX that speaks AMI as Asterisk does; it shares no code with callcentre."""
