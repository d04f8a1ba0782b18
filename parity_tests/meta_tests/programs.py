"""Small programs with numbered steps, which the tests of lockstep change and run."""

CHAIN = """
    def run(x):
        # 1. Double.
        doubled = x * 2

        # 2. Add one.
        more = doubled + 1

        # 3. Square.
        squares = more ** 2

        # 4. Take the mean.
        mean = squares.mean()
        return mean
"""
FUSED = """
    def run(x):
        # 1. Double.
        doubled = x * 2

        # 2-4. Do the rest.
        mean = ((doubled + 1) ** 2).mean()
        return mean
"""
LOOP = """
    def run(x):
        # 1. Begin.
        total = x * 0
        for factor in (1, 2, 3):
            # 2. Multiply.
            product = x * factor

            # 3. Add.
            total = total + product
        return total
"""
CALLS = """
    def run(x):
        # 1. Halve.
        half = halve(x)

        # 2. Add.
        total = half + halve(half)
        return total

    def halve(x):
        # 1. Multiply.
        half = x * 0.5
        return half
"""
CAUGHT = """
    def run(x):
        # 1. Try.
        try:
            outcome = risky(x)
        except ValueError:
            outcome = x
        return outcome

    def risky(x):
        # 1. Double.
        double = x * 2

        # 2. Quarter.
        half = double / 4
        {}
        return half
"""
GENERATOR = """
    def run(x):
        # 1. Gather.
        total = sum(parts(x))
        return total

    def parts(x):
        for factor in (1, 2):
            # 1. Multiply.
            product = x * factor
            yield product
"""
NESTED = """
    def run(x):
        # 1. Define.
        def inner(y):
            # 1. Double.
            z = y * 2
            return z

        # 2. Call.
        total = inner(x)
        return total
"""
METHOD = """
    class Double:
        def forward(self, x):
            # 1. Double.
            self.seen = x * 2
            return self.seen

    def run(x):
        return Double().forward(x)
"""
DECORATED = f"""
    import functools

    def checked(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper

    @checked{CHAIN}"""
