"""Drafts of what voicemails say: made by a program of its own, one at a time, and never in the daemon.

What can go wrong there (memory, time, a crash, nonsense) is one failed draft. Nothing is ever fetched from anywhere.
"""
