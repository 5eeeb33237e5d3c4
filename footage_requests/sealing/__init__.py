"""Turns a verified package into a sealed folder that anybody can check without this system."""
