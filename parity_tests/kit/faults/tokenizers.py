"""Wrong byte pairs: the order of merging, words that are long, ids, decoding."""

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any, ClassVar

import regex  # type: ignore[import-untyped]

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.right_tokenizers import (
    BYTE_PAIR,
    ByHeap,
    BytePairs,
    Tokens,
)

Found = list[tuple[int, int]]  # rank and index of pairs that are merges


# The order of merging


@wrong(BYTE_PAIR)
class GreedyLongest(BytePairs):
    """At each place the longest token of the vocabulary is taken."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Match from the left."""
        word, found = b"".join(tokens), []
        longest = max(map(len, self.vocabulary))
        while word:
            sizes = range(min(longest, len(word)), 0, -1)
            size = next(n for n in sizes if word[:n] in self.vocabulary)
            found.append(word[:size])
            word = word[size:]
        return found


@wrong(BYTE_PAIR)
class LongestFromTheRight(BytePairs):
    """At each end the longest token of the vocabulary is taken."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Match from the right."""
        word, found = b"".join(tokens), []
        longest = max(map(len, self.vocabulary))
        while word:
            sizes = range(min(longest, len(word)), 0, -1)
            size = next(n for n in sizes if word[-n:] in self.vocabulary)
            found.append(word[-size:])
            word = word[:-size]
        return found[::-1]


@wrong(BYTE_PAIR)
class FewestTokens(BytePairs):
    """The fewest tokens of the vocabulary are taken, whatever their ranks."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Find the shortest path."""
        word, longest = b"".join(tokens), max(map(len, self.vocabulary))
        best: list[Tokens] = [[]]
        for end in range(1, len(word) + 1):
            starts = range(max(0, end - longest), end)
            ways = (
                [*best[start], word[start:end]]
                for start in starts
                if word[start:end] in self.vocabulary
            )
            best.append(min(ways, key=len))
        return best[-1]


@wrong(BYTE_PAIR)
class LeftToRight(BytePairs):
    """The leftmost pair that is a merge is merged, whatever its rank."""

    def choose(self, found: Found) -> int:
        """Take the first."""
        return found[0][1]


@wrong(BYTE_PAIR)
class RightToLeft(BytePairs):
    """The rightmost pair that is a merge is merged, whatever its rank."""

    def choose(self, found: Found) -> int:
        """Take the last."""
        return found[-1][1]


@wrong(BYTE_PAIR)
class HighestRank(BytePairs):
    """The merge that was learned last comes first."""

    def choose(self, found: Found) -> int:
        """Take the highest rank."""
        return max(found, key=lambda each: (each[0], -each[1]))[1]


@wrong(BYTE_PAIR)
class RandomOrder(BytePairs):
    """Any pair that is a merge is merged."""

    def choose(self, found: Found) -> int:
        """Take any, the same for the same pairs."""
        return Random(str(found)).choice(found)[1]


@wrong(BYTE_PAIR)
class RightmostOfEqual(BytePairs):
    """Of equal pairs the rightmost is merged first."""

    def choose(self, found: Found) -> int:
        """Take the lowest rank, from the right."""
        return min(found, key=lambda each: (each[0], -each[1]))[1]


@wrong(BYTE_PAIR)
class MostFrequentInTheWord(BytePairs):
    """The pair that is most frequent in the word is merged first."""

    def choose(self, found: Found) -> int:
        """Count ranks."""
        counts = Counter(rank for rank, _ in found)
        return min(found, key=lambda each: (-counts[each[0]], *each))[1]


@wrong(BYTE_PAIR)
class LongestResult(BytePairs):
    """The pair that makes the longest token is merged first."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Sort by size, then by rank."""
        while found := self.known(tokens):
            sizes = [(-len(tokens[at] + tokens[at + 1]), r, at) for r, at in found]
            at = min(sizes)[2]
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens


@wrong(BYTE_PAIR)
class AllAtOnce(BytePairs):
    """Each pair whose rank is lower than that of both beside it is merged at once."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge in rounds."""
        while found := {at: rank for rank, at in self.known(tokens)}:
            high = 10**9
            chosen = {
                at
                for at, rank in found.items()
                if rank < found.get(at - 1, high) and rank <= found.get(at + 1, high)
            }
            merged, at = [], 0
            while at < len(tokens):
                size = 1 + (at in chosen)
                merged.append(b"".join(tokens[at : at + size]))
                at += size
            tokens = merged
        return tokens


@wrong(BYTE_PAIR)
class OneRound(BytePairs):
    """What a merge makes is not merged again."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge single bytes only."""
        first = {p: r for p, r in self.rank.items() if len(p[0] + p[1]) == 2}
        self.rank, every = first, self.rank
        merged = super().merge(tokens)
        self.rank = every
        return merged


@wrong(BYTE_PAIR)
class ThirtyTwoMerges(BytePairs):
    """After 32 merges a word is left as it is."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Count merges."""
        least = len(tokens) - 32
        while len(tokens) > least and (found := self.known(tokens)):
            at = self.choose(found)
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens


@wrong(BYTE_PAIR)
class FirstMergeIsFalse(BytePairs):
    """Rank 0 is taken for no rank."""

    def known(self, tokens: Tokens) -> Found:
        """Test a rank for its truth."""
        return [each for each in super().known(tokens) if each[0]]


@wrong(BYTE_PAIR)
class LastMergeForgotten(BytePairs):
    """The last merge of the table is not read."""

    def __init__(self, vocabulary: Any, merges: Any, special_tokens: Any):
        super().__init__(vocabulary, merges[:-1], special_tokens)


@wrong(BYTE_PAIR)
class MergesAsLines(BytePairs):
    """Merges are lines `left right`, so that none can hold white space."""

    def __init__(self, vocabulary: Any, merges: Any, special_tokens: Any):
        lines = [(left + b" " + right).split() for left, right in merges]
        pairs = [(line[0], line[1]) for line in lines if len(line) == 2]
        super().__init__(vocabulary, pairs, special_tokens)


# Words that are long, and what is remembered of words


@wrong(BYTE_PAIR)
class Over64Unmerged(ByHeap):
    """Words of more than 64 bytes are not merged."""

    longest: ClassVar[int] = 64

    def merge(self, tokens: Tokens) -> Tokens:
        """Look at the size."""
        return tokens if len(tokens) > self.longest else super().merge(tokens)


@wrong(BYTE_PAIR)
class Over128Unmerged(Over64Unmerged):
    """Words of more than 128 bytes are not merged."""

    longest = 128


@wrong(BYTE_PAIR)
class Over300Unmerged(Over64Unmerged):
    """Words of more than 300 bytes are not merged."""

    longest = 300


@wrong(BYTE_PAIR)
class Over512Unmerged(Over64Unmerged):
    """Words of more than 512 bytes are not merged."""

    longest = 512


@wrong(BYTE_PAIR)
class WordsIn64s(ByHeap):
    """Words are merged in parts of 64 bytes."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge part after part."""
        parts = [tokens[at : at + 64] for at in range(0, len(tokens), 64)]
        return [
            token for part in parts for token in super(WordsIn64s, self).merge(part)
        ]


@wrong(BYTE_PAIR)
class RememberedByItsBeginning(ByHeap):
    """Words are remembered by their first 64 characters."""

    def ids_of(self, word: str) -> list[int]:
        """Look into a dict that is never too small."""
        known = vars(self).setdefault("known_words", {})
        if word[:64] not in known:
            known[word[:64]] = super().ids_of(word)
        return known[word[:64]]


@wrong(BYTE_PAIR)
class RememberedInSmallLetters(ByHeap):
    """Words are remembered without their case."""

    def ids_of(self, word: str) -> list[int]:
        """Look into a dict."""
        known = vars(self).setdefault("known_words", {})
        if word.lower() not in known:
            known[word.lower()] = super().ids_of(word)
        return known[word.lower()]


@wrong(BYTE_PAIR)
class RememberedAndChanged(ByHeap):
    """What is remembered of a word is given out, and then added to."""

    def encode(self, text: str) -> list[int]:
        """Add to the first list."""
        known = vars(self).setdefault("known_words", {})
        ids: list[int] | None = None
        for word in [w for part in self.parts(text) for w in self.words_in(part)]:
            if word not in known:
                is_special = word in self.special
                known[word] = [self.special[word]] if is_special else self.ids_of(word)
            if ids is None:
                ids = known[word]
            else:
                ids += known[word]
        return ids or []

    def words_in(self, part: str) -> list[str]:
        """Cut a part, unless it is special."""
        return [part] if part in self.special else self.cut(part)


# Ids


@wrong(BYTE_PAIR)
class Int16(ByHeap):
    """Ids have 16 bits, one of them for the sign."""

    def encode(self, text: str) -> list[int]:
        """Wrap."""
        return [(number + 2**15) % 2**16 - 2**15 for number in super().encode(text)]


@wrong(BYTE_PAIR)
class UInt16(ByHeap):
    """Ids have 16 bits."""

    def encode(self, text: str) -> list[int]:
        """Wrap."""
        return [number % 2**16 for number in super().encode(text)]


@wrong(BYTE_PAIR)
class BytesAreTheirIds(ByHeap):
    """Byte b has id b, whatever the vocabulary says."""

    def ids_of(self, word: str) -> list[int]:
        """Look up only what has more than one byte."""
        tokens = self.merge([bytes([byte]) for byte in word.encode()])
        return [self.vocabulary[t] if len(t) > 1 else t[0] for t in tokens]


@wrong(BYTE_PAIR)
class AtMost1024(ByHeap):
    """No more than 1,024 ids are given."""

    def encode(self, text: str) -> list[int]:
        """Cut the ids."""
        return super().encode(text)[:1024]


# Decoding


@wrong(BYTE_PAIR)
class IgnoresInvalid(ByHeap):
    """Bytes that are no UTF-8 vanish."""

    def decode(self, ids: list[int]) -> str:
        """Ignore them."""
        return self.joined(ids).decode(errors="ignore")


@wrong(BYTE_PAIR)
class EachAlone(ByHeap):
    """Every token is decoded by itself."""

    def decode(self, ids: list[int]) -> str:
        """Join texts."""
        return "".join(self.joined([number]).decode(errors="replace") for number in ids)


@wrong(BYTE_PAIR)
class DecodedIn4096s(ByHeap):
    """Ids are decoded in parts of 4,096."""

    def decode(self, ids: list[int]) -> str:
        """Decode part after part."""
        parts = (ids[at : at + 4096] for at in range(0, len(ids), 4096))
        return "".join(self.joined(part).decode(errors="replace") for part in parts)


@wrong(BYTE_PAIR)
class PartAtTheEndDropped(ByHeap):
    """Part of a character at the end waits for more, and is lost."""

    def decode(self, ids: list[int]) -> str:
        """Decode as a stream that is never closed."""
        import codecs

        return codecs.getincrementaldecoder("utf-8")("replace").decode(self.joined(ids))


@wrong(BYTE_PAIR)
class OneForARun(ByHeap):
    """Bytes in a row that are no UTF-8 become one U+FFFD."""

    def decode(self, ids: list[int]) -> str:
        """Join those in a row."""
        return regex.sub("(?<=\ufffd)\ufffd+", "", super().decode(ids))


@wrong(BYTE_PAIR)
class InvalidAsLatin1(ByHeap):
    """What is no UTF-8 is read as Latin-1."""

    def decode(self, ids: list[int]) -> str:
        """Try one, then the other."""
        joined = self.joined(ids)
        try:
            return joined.decode()
        except UnicodeDecodeError:
            return joined.decode("latin-1")


@wrong(BYTE_PAIR)
class SpaceAtTheBeginningLost(ByHeap):
    """A space at the beginning is lost in decoding."""

    def decode(self, ids: list[int]) -> str:
        """Remove it."""
        return super().decode(ids).removeprefix(" ")


@wrong(BYTE_PAIR)
class CleansUp(ByHeap):
    """Spaces before punctuation are lost in decoding."""

    def decode(self, ids: list[int]) -> str:
        """Tidy up."""
        return regex.sub(r" ([.,!?])", r"\1", super().decode(ids))


@wrong(BYTE_PAIR)
class SkipsSpecial(ByHeap):
    """Special tokens are left out in decoding."""

    def decode(self, ids: list[int]) -> str:
        """Leave them out."""
        special = {*self.special.values()}
        return super().decode([number for number in ids if number not in special])


@wrong(BYTE_PAIR)
class SpacesAroundSpecial(ByHeap):
    """Special tokens are decoded with spaces between."""

    def decode(self, ids: list[int]) -> str:
        """Put a space before each that follows another token."""
        special, text = {*self.special.values()}, ""
        for left, number in pairwise([-1, *ids]):
            text += " " * (number in special and left in special)
            text += super().decode([number]) if number in special else ""
        return text if {*ids} <= special else super().decode(ids)


@wrong(BYTE_PAIR)
class ByteOrderMarkLost(ByHeap):
    """A byte order mark at the beginning is lost in decoding."""

    def decode(self, ids: list[int]) -> str:
        """Decode as a file."""
        return self.joined(ids).decode("utf-8-sig", errors="replace")
