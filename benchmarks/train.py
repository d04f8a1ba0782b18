"""How long training takes on the whole Jargon File, in CPU seconds on one thread.

Run by hand: `python benchmarks/train.py`. Encoding the same text with what was
learned stands beside it, so that figures of two machines can be compared as ratios.
"""

import argparse
import time
from typing import Any

import torch
from parity_tests.sample_text import jargon_file

import reference.tokenizers.byte_pair as reference
import torch_impl.tokenizers.byte_pair as torch_impl


def main() -> None:
    """Print how long each side takes for each size and way to break ties."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=[1000, 8000])
    options = parser.parse_args()
    torch.set_num_threads(1)
    text = jargon_file()
    sides: dict[str, Any] = {
        "reference": reference.BytePairTokenizer,
        "torch_impl": torch_impl.BytePairTokenizer,
    }
    print(f"the Jargon File, {len(text.encode()) / 1e6:.2f} MB")
    for size in options.sizes:
        for tie_break in ("bytes", "first_seen", "pair_id"):
            for name, side in sides.items():
                start = time.process_time()
                learned = side.train(text, size, tie_break=tie_break)
                trained = time.process_time() - start
                start = time.process_time()
                learned.encode(text)
                encoded = time.process_time() - start
                print(
                    f"{size:6} ids  {tie_break:10}  {name:10}  {trained:6.2f} s, "
                    f"{trained / encoded:6.1f} x encoding it"
                )


if __name__ == "__main__":
    main()
