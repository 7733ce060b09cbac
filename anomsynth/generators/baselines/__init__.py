"""What the field pastes and cuts, for comparison."""
