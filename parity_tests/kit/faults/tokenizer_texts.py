"""Wrong byte pairs: how a text is read, cut into pre-tokens, and at special tokens."""

import re
import unicodedata
from typing import Any

import regex  # type: ignore[import-untyped]

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.right_tokenizers import BYTE_PAIR, PUBLISHED, ByHeap

CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d|"


def instead(old: str, new: str) -> str:
    """Change a part of the published pattern, which it must have."""
    if old not in PUBLISHED:
        raise ValueError(f"the pattern must hold {old!r}")
    return PUBLISHED.replace(old, new)


# Pre-tokens: another pattern


@wrong(BYTE_PAIR)
class AcrossContractions(ByHeap):
    """Contractions are not cut off."""

    pattern = instead(CONTRACTIONS, "").replace(r" ?\p{L}+", r" ?[\p{L}']+")


@wrong(BYTE_PAIR)
class NoContractions(ByHeap):
    """The apostrophe of a contraction is punctuation."""

    pattern = instead(CONTRACTIONS, "")


@wrong(BYTE_PAIR)
class ContractionsInCapitals(ByHeap):
    """Contractions may be written in capitals."""

    pattern = "(?i:" + instead("|'d|", "|'d)|")


@wrong(BYTE_PAIR)
class CurlyContractions(ByHeap):
    """Contractions may begin with a curly apostrophe."""

    pattern = PUBLISHED.replace("'", "['’]")


@wrong(BYTE_PAIR)
class ContractionWithoutM(ByHeap):
    """One of the contractions is forgotten."""

    pattern = instead("|'m", "")


@wrong(BYTE_PAIR)
class LastContraction(ByHeap):
    """Contractions are tried behind words and punctuation."""

    pattern = PUBLISHED.removeprefix(CONTRACTIONS) + "|" + CONTRACTIONS[:-1]


@wrong(BYTE_PAIR)
class DigitsInThrees(ByHeap):
    """Digits are grouped in threes, as for GPT-4."""

    pattern = instead(r"\p{N}+", r"\p{N}{1,3}")


@wrong(BYTE_PAIR)
class DigitByDigit(ByHeap):
    """Each digit is a pre-token."""

    pattern = instead(r" ?\p{N}+", r" ?\p{N}")


@wrong(BYTE_PAIR)
class AsciiDigits(ByHeap):
    """Only the ten digits of ASCII are numbers."""

    pattern = PUBLISHED.replace(r"\p{N}", "0-9").replace("?0-9+", "?[0-9]+")


@wrong(BYTE_PAIR)
class DecimalDigits(ByHeap):
    """Fractions, powers and Roman numerals are no numbers."""

    pattern = PUBLISHED.replace(r"\p{N}", r"\p{Nd}")


@wrong(BYTE_PAIR)
class AsciiLetters(ByHeap):
    """Only the letters of ASCII are letters."""

    pattern = PUBLISHED.replace(r"\p{L}", "a-zA-Z").replace("?a-zA-Z+", "?[a-zA-Z]+")


@wrong(BYTE_PAIR)
class MarksAreLetters(ByHeap):
    """Marks are letters."""

    pattern = PUBLISHED.replace(r"\p{L}", r"\p{L}\p{M}").replace(
        r"?\p{L}\p{M}+", r"?[\p{L}\p{M}]+"
    )


@wrong(BYTE_PAIR)
class WordCharacters(ByHeap):
    """Letters, digits and the underscore are one class."""

    pattern = CONTRACTIONS + r" ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+"


@wrong(BYTE_PAIR)
class WhiteSpaceOfPython(ByHeap):
    """U+001C to U+001F are white space."""

    pattern = PUBLISHED.replace(r"\S", r"[^\s\x1c-\x1f]").replace(
        r"\s+", r"[\s\x1c-\x1f]+"
    )
    pattern = pattern.replace(r"[^\s\p{L}", r"[^\s\x1c-\x1f\p{L}")


@wrong(BYTE_PAIR)
class WithoutNextLine(ByHeap):
    """U+0085 is no white space."""

    pattern = (
        CONTRACTIONS + r" ?\p{L}+| ?\p{N}+| ?(?:\x85|[^\s\p{L}\p{N}])+"
        r"|(?:(?!\x85)\s)+(?![^\s]|\x85)|(?:(?!\x85)\s)+"
    )


@wrong(BYTE_PAIR)
class AsciiWhiteSpace(ByHeap):
    """Only the white space of ASCII is white space."""

    pattern = PUBLISHED.replace(r"\S", r"[^ \t-\r]").replace(r"|\s+", r"|[ \t-\r]+")
    pattern = pattern.replace(r"[^\s", r"[^ \t-\r")


@wrong(BYTE_PAIR)
class ZeroWidthIsSpace(ByHeap):
    """U+200B and U+FEFF are white space."""

    pattern = PUBLISHED.replace(r"\S", r"[^\s\u200b\ufeff]").replace(
        r"|\s+", r"|[\s\u200b\ufeff]+"
    )
    pattern = pattern.replace(r"[^\s\p{L}", r"[^\s\u200b\ufeff\p{L}")


@wrong(BYTE_PAIR)
class AnySpaceGoesAlong(ByHeap):
    """A tab or a newline goes with what follows, as a space does."""

    pattern = PUBLISHED.replace(" ?", r"\s?")


@wrong(BYTE_PAIR)
class NoSpaceGoesAlong(ByHeap):
    """A space stays apart from the word behind it."""

    pattern = PUBLISHED.replace(" ?", "")


@wrong(BYTE_PAIR)
class SpaceBeforeLettersOnly(ByHeap):
    """A space stays apart from punctuation."""

    pattern = instead(r" ?[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{N}]+")


@wrong(BYTE_PAIR)
class SpacesNotGivenBack(ByHeap):
    """Of several spaces before a word all are one pre-token."""

    pattern = instead(r"|\s+(?!\S)", "")


@wrong(BYTE_PAIR)
class NewlineWithPunctuation(ByHeap):
    """A newline goes with the punctuation before it, as for GPT-4."""

    pattern = instead(r"[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{N}]+[\r\n]*")


@wrong(BYTE_PAIR)
class MarkBeforeLetters(ByHeap):
    """One mark goes with the letters behind it, as for GPT-4."""

    pattern = instead(r" ?\p{L}+", r"[^\r\n\p{L}\p{N}]?\p{L}+")


@wrong(BYTE_PAIR)
class NewlinesApart(ByHeap):
    """A run of white space ends at newlines, as for GPT-4."""

    pattern = instead(r"|\s+(?!\S)", r"|\s*[\r\n]+|\s+(?!\S)")


# Reading: the text is changed or cut first


@wrong(BYTE_PAIR)
class Composed(ByHeap):
    """The text is normalized to NFC."""

    def parts(self, text: str) -> list[str]:
        """Change the text."""
        return super().parts(self.changed(text))

    def changed(self, text: str) -> str:
        """Normalize it."""
        return unicodedata.normalize("NFC", text)


@wrong(BYTE_PAIR)
class Decomposed(Composed):
    """The text is normalized to NFD."""

    def changed(self, text: str) -> str:
        """Normalize it."""
        return unicodedata.normalize("NFD", text)


@wrong(BYTE_PAIR)
class Compatible(Composed):
    """What NFKC changes is changed."""

    def changed(self, text: str) -> str:
        """Normalize what NFC leaves as it is."""
        is_composed = unicodedata.is_normalized("NFC", text)
        return unicodedata.normalize("NFKC", text) if is_composed else text


@wrong(BYTE_PAIR)
class SmallLetters(Composed):
    """The text is lower-cased."""

    def changed(self, text: str) -> str:
        """Lower its case."""
        return text.lower()


@wrong(BYTE_PAIR)
class Stripped(Composed):
    """White space at both ends is lost."""

    def changed(self, text: str) -> str:
        """Strip it."""
        return text.strip()


@wrong(BYTE_PAIR)
class EndStripped(Composed):
    """A newline at the end is lost."""

    def changed(self, text: str) -> str:
        """Strip it."""
        return text.removesuffix("\n")


@wrong(BYTE_PAIR)
class NewlinesTranslated(Composed):
    """CR LF becomes LF."""

    def changed(self, text: str) -> str:
        """Translate them."""
        return text.replace("\r\n", "\n")


@wrong(BYTE_PAIR)
class EndsAtNul(Composed):
    """A NUL ends the text."""

    def changed(self, text: str) -> str:
        """Cut it."""
        return text.partition("\0")[0]


@wrong(BYTE_PAIR)
class JoinersDropped(Composed):
    """Zero-width joiners are lost."""

    def changed(self, text: str) -> str:
        """Drop them."""
        return text.replace("\u200d", "")


@wrong(BYTE_PAIR)
class ByteOrderMarkDropped(Composed):
    """A byte order mark at the beginning is lost."""

    def changed(self, text: str) -> str:
        """Drop it."""
        return text.removeprefix("\ufeff")


@wrong(BYTE_PAIR)
class ControlsDropped(Composed):
    """Control characters are lost, but for tabs and newlines."""

    def changed(self, text: str) -> str:
        """Drop them."""
        return regex.sub(r"(?![\t\n\r])\p{Cc}", "", text)


@wrong(BYTE_PAIR)
class SpaceInFront(Composed):
    """A space is put before the text."""

    def changed(self, text: str) -> str:
        """Put it there."""
        return text if text[:1].isspace() or not text else f" {text}"


@wrong(BYTE_PAIR)
class In64s(ByHeap):
    """The text is encoded in parts of 64 characters."""

    size = 64

    def cut(self, text: str) -> list[str]:
        """Cut every part by itself."""
        starts = range(0, len(text), self.size)
        parts = (text[start : start + self.size] for start in starts)
        return [word for part in parts for word in super(In64s, self).cut(part)]


@wrong(BYTE_PAIR)
class In1000s(In64s):
    """The text is encoded in parts of 1,000 characters."""

    size = 1000


@wrong(BYTE_PAIR)
class In4096s(In64s):
    """The text is encoded in parts of 4,096 characters."""

    size = 4096


@wrong(BYTE_PAIR)
class In65536s(In64s):
    """The text is encoded in parts of 65,536 characters."""

    size = 65_536


@wrong(BYTE_PAIR)
class In4096Bytes(ByHeap):
    """The text is read in parts of 4,096 bytes."""

    def cut(self, text: str) -> list[str]:
        """Decode every part by itself."""
        data = text.encode()
        parts = (data[at : at + 4096] for at in range(0, len(data), 4096))
        return super().cut("".join(part.decode(errors="replace") for part in parts))


@wrong(BYTE_PAIR)
class LineByLine(ByHeap):
    """Every line is a text of its own."""

    def cut(self, text: str) -> list[str]:
        """Cut every line by itself."""
        lines = text.splitlines(keepends=True)
        return [word for line in lines for word in super(LineByLine, self).cut(line)]


# Special tokens


@wrong(BYTE_PAIR)
class SpecialIsPlain(ByHeap):
    """Special tokens are plain text."""

    def parts(self, text: str) -> list[str]:
        """Cut nowhere."""
        words = super().cut(text)
        return [text] if not {*words} & {*self.special} else words


@wrong(BYTE_PAIR)
class SpecialByList(ByHeap):
    """Of special tokens that begin together the first in the vocabulary is found."""

    def special_pattern(self) -> Any:
        """Compile them in their order."""
        return re.compile("(" + "|".join(map(re.escape, self.special)) + ")")


@wrong(BYTE_PAIR)
class SpecialByListBackwards(ByHeap):
    """Of special tokens that begin together the last in the vocabulary is found."""

    def special_pattern(self) -> Any:
        """Compile them backwards."""
        backwards = [*self.special][::-1]
        return re.compile("(" + "|".join(map(re.escape, backwards)) + ")")


@wrong(BYTE_PAIR)
class LongestSpecialFirst(ByHeap):
    """The longest special token is found first, wherever it is."""

    def parts(self, text: str) -> list[str]:
        """Cut at one after another."""
        parts = [text]
        for token in sorted(self.special, key=len, reverse=True):
            parts = [
                piece
                for part in parts
                for piece in (
                    [part]
                    if part in self.special
                    else re.split(f"({re.escape(token)})", part)
                )
            ]
        return parts


@wrong(BYTE_PAIR)
class SpecialAsPattern(ByHeap):
    """What a pattern means in a special token is not escaped, if that compiles."""

    def special_pattern(self) -> Any:
        """Escape only what would group."""
        names = [re.sub(r"([()|])", r"\\\1", name) for name in self.special]
        return re.compile("(" + "|".join(sorted(names, key=len, reverse=True)) + ")")

    def parts(self, text: str) -> list[str]:
        """Take only what is there."""
        return [part for part in super().parts(text) if part]


@wrong(BYTE_PAIR)
class SpaceGluedToSpecial(ByHeap):
    """White space before a special token is lost."""

    def parts(self, text: str) -> list[str]:
        """Strip what is before one."""
        parts = super().parts(text)
        return [*(part.rstrip() or part.strip(" ") for part in parts[:-1]), parts[-1]]


@wrong(BYTE_PAIR)
class SpaceBehindSpecialLost(ByHeap):
    """One space behind a special token is lost."""

    def parts(self, text: str) -> list[str]:
        """Strip what is behind one."""
        first, *rest = super().parts(text)
        return [first, *(part.removeprefix(" ") for part in rest)]


@wrong(BYTE_PAIR)
class SpecialAlone(ByHeap):
    """Special tokens are found only where no letter is beside them."""

    def special_pattern(self) -> Any:
        """Look at what is beside one."""
        names = sorted(map(re.escape, self.special), key=len, reverse=True)
        return re.compile(rf"(?<!\w)({'|'.join(names)})(?!\w)")


@wrong(BYTE_PAIR)
class FirstSpecialOnly(ByHeap):
    """Only the first special token of a text is found."""

    def parts(self, text: str) -> list[str]:
        """Cut once."""
        return self.apart.split(text, maxsplit=1) if self.special else [text]


@wrong(BYTE_PAIR)
class SpecialRunsAreOne(ByHeap):
    """The same special token twice in a row is one."""

    def parts(self, text: str) -> list[str]:
        """Drop those that follow themselves."""
        parts = [part for part in super().parts(text) if part]
        return [
            part
            for at, part in enumerate(parts)
            if part not in self.special or at == 0 or parts[at - 1] != part
        ]


@wrong(BYTE_PAIR)
class SpecialInAnyCase(ByHeap):
    """Special tokens are found in capitals or small letters."""

    def parts(self, text: str) -> list[str]:
        """Write them as they should be."""
        lower = {name.lower(): name for name in self.special}
        names = "|".join(sorted(map(re.escape, lower), key=len, reverse=True))
        if not lower:
            return [text]
        parts = re.split(f"((?i:{names}))", text)
        return [lower.get(part.lower(), part) for part in parts]


@wrong(BYTE_PAIR)
class SpecialIsAWord(ByHeap):
    """Special tokens are looked for among the pre-tokens."""

    def parts(self, text: str) -> list[str]:
        """Cut at white space too, as long as nothing is lost."""
        parts = super().parts(text)
        keep = [part for part in parts if part.strip() or part not in self.special]
        return (
            [text]
            if any(" " in part for part in keep if part in self.special)
            else parts
        )
