"""Pictures as data for templates: strips, plots, calendars, marks on plans."""
