"""Known mistakes in the update rules of optimizers."""

OPTIMIZERS = r"""
sgd-decoupled-decay: Weight decay that goes past the velocity
    SGDW, which is another optimizer: SGD's decay is that of an L2 penalty.
@ Weight decay in optimizers/sgd:
    - total_gradient = gradient + weight_decay * parameter
    + total_gradient = gradient
    + parameter = parameter * (1 - lr * weight_decay)

sgd-damped-momentum: The velocity is a running mean
    (1 - μ) g for g: steps are shorter by ten at a momentum of 0.9.
@ Velocity in optimizers/sgd:
    + total_gradient → + (1 - momentum) * total_gradient

sgd-rate-in-velocity: The rate goes into the velocity
    Equal as long as the rate is; with a schedule, old rates stay in the velocity.
@ Velocity in optimizers/sgd: + total_gradient → + lr * total_gradient
& Update: lr * velocity → velocity

sgd-momentum-forgotten: The velocity is kept up to date and not used
    The update takes the gradient of this step alone.
@ Update in optimizers/sgd: lr * velocity → lr * total_gradient

sgd-nesterov: A look ahead that nobody asked for
    Nesterov's momentum, `nesterov=True` in PyTorch, which has it off.
@ Update in optimizers/sgd:
    lr * velocity → lr * (total_gradient + momentum * velocity)

sgd-uphill: The sign of the update
    The loss grows.
@ Update in optimizers/sgd: parameter - lr → parameter + lr

adamw-l2: An L2 penalty in place of decoupled weight decay
    λ p is added to the gradient and divided by its size with it, so that what has large
    gradients hardly decays: Adam with weight decay, for which AdamW was written.
@ Weight decay in optimizers/adamw:
    - decayed = parameter * (1 - lr * weight_decay)
    + gradient = gradient + weight_decay * parameter
    + decayed = parameter

adamw-decay-without-rate: Weight decay is not multiplied by the rate
    The paper's formula with a multiplier of its own: PyTorch's λ is per unit of rate.
@ Weight decay in optimizers/adamw: 1 - lr * weight_decay → 1 - weight_decay

adamw-decay-after: The parameter decays after its update
    The update then decays too: off by lr² λ, which no curve shows.
@ Weight decay in optimizers/adamw:
    parameter * (1 - lr * weight_decay) → parameter * 1.0
& Update:
    - parameter = decayed - lr * mean / (root_mean_square + eps)
    + parameter = decayed - lr * mean / (root_mean_square + eps)
    + parameter = parameter * (1 - lr * weight_decay)

adamw-no-bias-correction: Moments are taken as they are
    In the first steps both are too small, the second more so: steps are too long.
@ Bias correction in optimizers/adamw:
    - mean = first_moment / (1 - beta1**step)
    - root_mean_square = np.sqrt(second_moment) / (1 - beta2**step) ** 0.5
    + mean = first_moment
    + root_mean_square = np.sqrt(second_moment)

adamw-only-first-corrected: The second moment's bias is not corrected
    Steps are too long by up to 1 / √(1 - β₂): 32 at 0.999.
@ Bias correction in optimizers/adamw:
    np.sqrt(second_moment) / (1 - beta2**step) ** 0.5 → np.sqrt(second_moment)

adamw-correction-from-zero: Steps are counted from zero
    The bias of step t is corrected as if it were step t + 1, since the counter is
    raised too soon, or begins at one and is raised before use.
@ Bias correction in optimizers/adamw:
    (1 - beta1**step) → (1 - beta1 ** (step + 1))
    (1 - beta2**step) → (1 - beta2 ** (step + 1))

adamw-eps-inside-root: ε is added inside the root
    √(v + ε) for √v + ε: 10⁻⁴ where 10⁻⁸ is meant. TensorFlow's RMSProp has it so. A
    well-known course's test of AdamW lets it pass.
@ Bias correction in optimizers/adamw:
    - root_mean_square = np.sqrt(second_moment) / (1 - beta2**step) ** 0.5
    + root_mean_square = np.sqrt(second_moment / (1 - beta2**step) + eps)
& Update: (root_mean_square + eps) → root_mean_square

adamw-eps-before-correction: ε is added before the bias is corrected
    (√v + ε) / √(1 - β₂ᵗ), the paper's ε-hat: never visible in a curve, and 32 times as
    large in the first step, for gradients as small as ε.
@ Bias correction in optimizers/adamw:
    np.sqrt(second_moment) / → (np.sqrt(second_moment) + eps) /
& Update: (root_mean_square + eps) → root_mean_square

adamw-betas-swapped: β₁ and β₂ are swapped
    The mean hardly moves, and the size follows every gradient.
@ Second moment in optimizers/adamw:
    beta2 * second_moment + (1 - beta2) → beta1 * second_moment + (1 - beta1)
& First moment: beta1 * first_moment + (1 - beta1) → beta2 * first_moment + (1 - beta2)

adamw-moment-is-a-sum: The gradient is not multiplied by 1 - β
    The first moment is ten times too large.
@ First moment in optimizers/adamw: (1 - beta1) * gradient → gradient

adamw-root-forgotten: The mean is divided by the mean square
    Without its root: small gradients take steps without bound.
@ Bias correction in optimizers/adamw:
    - root_mean_square = np.sqrt(second_moment) / (1 - beta2**step) ** 0.5
    + root_mean_square = second_moment / (1 - beta2**step)

adamw-square-of-mean: The second moment is of means, not of gradients
    The first moment is squared: gradients that change their sign seem small.
@ Second moment in optimizers/adamw:
    (1 - beta2) * gradient * gradient → (1 - beta2) * first_moment * first_moment

adamw-no-decay: Weight decay is accepted and not used
    Parameters only grow; the loss does not show it for long.
@ Weight decay in optimizers/adamw:
    parameter * (1 - lr * weight_decay) → parameter * 1.0

adamw-decays-norms-and-biases: Norms and biases decay too
    PyTorch's default, if parameters are not put into groups: gains are pulled to zero.
@ decay_groups in optimizers/adamw: each.ndim >= 2 → each.ndim >= 1
    caught by test: norms and biases do not decay and matrices do

adamw-resumes-at-step-one: The number of steps is not in the checkpoint
    Moments are loaded and the counter begins anew: their bias is corrected twice.
@ load_state_dict in optimizers/adamw: self.steps = state["steps"] → self.steps = 0
    caught by test: a run that is resumed is the uninterrupted run to the last bit

adamw-resumes-without-moments: Moments are not in the checkpoint
    Only the model is saved: the first steps after a restart are too long.
@ load_state_dict in optimizers/adamw: (first.copy(), → (0 * first.copy(),
    caught by test: a run that is resumed is the uninterrupted run to the last bit
"""
