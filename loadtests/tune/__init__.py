"""Which settings answer new pictures soonest on this machine at a stated rate, measured from outside on stacks started for it."""
