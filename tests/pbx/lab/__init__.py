"""A real Asterisk with real SIP telephones, played by sipp, for the tests of callcentre.

Nothing here imports callcentre: what the lab says about a call comes from Asterisk's own books and from
the telephones' own messages, never from AMI.
"""
