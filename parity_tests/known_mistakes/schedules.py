"""Known mistakes in learning-rate schedules."""

SCHEDULES = r"""
schedule-one-step-early: Each step has the rate of the next
    The scheduler moves on before the optimizer does: `scheduler.step()` above
    `optimizer.step()`, as PyTorch wanted it until 1.1.
@ Warm-up in optimizers/schedules:
    - share = WARMUPS[warmup](step, warmup_steps) if step < warmup_steps else 1.0
    + step = step + 1
    + share = WARMUPS[warmup](step, warmup_steps) if step < warmup_steps else 1.0

schedule-warmup-at-zero: A warm-up that counts from one begins at zero
    t / w for (t + 1) / w: both are in use, and off by one from each other.
@ from_one: (step + 1) / warmup_steps → step / warmup_steps

schedule-warmup-from-one: A warm-up that counts from zero begins above it
    (t + 1) / w for t / w, the other way round.
@ from_zero: step / warmup_steps → (step + 1) / warmup_steps

schedule-warmup-forgotten: No warm-up
    The first steps have the whole peak, while the second moments are still wrong.
@ Warm-up in optimizers/schedules:
    - share = WARMUPS[warmup](step, warmup_steps) if step < warmup_steps else 1.0
    + share = 1.0

schedule-decay-over-all-steps: The decay counts from the first step
    Progress is t / T, so that the rate drops where the warm-up ends.
@ Decay in optimizers/schedules:
    - steps_in_decay = max(step - (total_steps - decay_steps), 0)
    - progress = min(steps_in_decay / decay_steps, 1.0)
    + steps_in_decay = max(step - (total_steps - decay_steps), 0)
    + progress = min(step / total_steps, 1.0)

schedule-rises-again: The rate rises again after the last step
    A cosine goes on beyond half a wave, and others become negative.
@ Decay in optimizers/schedules:
    min(steps_in_decay / decay_steps, 1.0) → abs(steps_in_decay / decay_steps)

schedule-whole-wave: A whole wave in place of half of one
    cos 2πp: the rate is at its lowest in the middle, and ends at the peak.
@ cosine: math.pi * progress → 2 * math.pi * progress

schedule-cosine-not-halved: 1 + cos without the half
    The rate begins at twice the peak.
@ cosine: 0.5 * (1.0 → 1.0 * (1.0

schedule-sqrt-of-rest: √(1 - p) for 1 - √p
    It falls slowly first and fast at last: the other way round.
@ one_minus_sqrt: 1.0 - math.sqrt(progress) → math.sqrt(1.0 - progress)

schedule-floor-forgotten: The rate decays to zero
    The floor, a tenth of the peak as a rule, is left out.
@ Learning rate in optimizers/schedules: (floor + (peak → (0.0 + (peak

schedule-floor-added: The floor is added to the whole rate
    It then begins above its peak.
@ Learning rate in optimizers/schedules: (peak - floor) * remaining → peak * remaining
"""
