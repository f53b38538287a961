"""Many pictures: what is made of each, planned, run in processes and summed up."""
