"""The digits desk: sets of digits, clustered without their labels."""
