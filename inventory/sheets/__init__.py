"""Spreadsheets out and in: lists as Excel and CSV, and files of strangers read without trusting them."""
