"""What the processes of the page do: functions from plain data to plain data."""
