"""Wrong tokenizers of words and of characters."""

import re
import unicodedata
from typing import Any

import regex  # type: ignore[import-untyped]

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.right_tokenizers import CHARACTER, WORD, Characters, Words

# Words


@wrong(WORD)
class UnknownInSmallLetters(Words):
    """An unknown word is looked up once more in small letters."""

    def id_of(self, word: str) -> int:
        """Look it up twice."""
        return super().id_of(word if word in self.vocabulary else word.lower())


@wrong(WORD)
class UnknownInCapitals(Words):
    """An unknown word is looked up once more with a capital."""

    def id_of(self, word: str) -> int:
        """Look it up twice."""
        return super().id_of(word if word in self.vocabulary else word.capitalize())


@wrong(WORD)
class AsciiWhiteSpaceUnstripped(Words):
    """Only the white space of ASCII separates, and no other is stripped."""

    def split(self, text: str) -> list[str]:
        """Split, and strip nothing."""
        parts = re.split(r"""([,.:;?_!"()']|--|[ \t\n\r\f\v])""", text)
        return [part for part in parts if part.strip(" \t\n\r\f\v")]


@wrong(WORD)
class Unstripped(Words):
    """White space is kept as words of its own."""

    def split(self, text: str) -> list[str]:
        """Strip nothing."""
        parts = re.split(r"""([,.:;?_!"()']|--|\s)""", text)
        return [part for part in parts if part]


@wrong(WORD)
class StrippedBySpaces(Words):
    """Only spaces are stripped, so a tab or a newline is a word."""

    def split(self, text: str) -> list[str]:
        """Strip spaces."""
        parts = re.split(r"""([,.:;?_!"()']|--|\s)""", text)
        return [part.strip(" ") for part in parts if part.strip(" ")]


@wrong(WORD)
class SplitAtSpaces(Words):
    """Marks stay on the words."""

    def split(self, text: str) -> list[str]:
        """Split at white space."""
        return text.split()


@wrong(WORD)
class NoDoubleDash(Words):
    """-- is no word of its own."""

    pattern = r"""[,.:;?_!"()']|[^\s,.:;?_!"()']+"""


@wrong(WORD)
class DashesAsOne(Words):
    """Any number of dashes from two on is one word."""

    pattern = Words.pattern.replace("|--|", "|--+|")


@wrong(WORD)
class EachDash(Words):
    """A single dash is a word of its own too."""

    pattern = r"""[,.:;?_!"()']|--|-|[^\s,.:;?_!"()'-]+"""


@wrong(WORD)
class UnderscoreInWords(Words):
    """_ is part of a word."""

    pattern = Words.pattern.replace("_", "")


@wrong(WORD)
class ApostropheInWords(Words):
    """' is part of a word."""

    pattern = Words.pattern.replace("'", "")


@wrong(WORD)
class NumbersWhole(Words):
    """A point or comma between digits is part of a word."""

    pattern = r"\d+(?:[.,]\d+)+|" + Words.pattern


@wrong(WORD)
class EveryMark(Words):
    """Every mark is a word of its own."""

    pattern = r"--|\w+|[^\w\s]"


@wrong(WORD)
class AsciiWords(Words):
    """Letters that are not ASCII are words of their own."""

    pattern = Words.pattern.replace(r"[^\s", r"[^\x80-\U0010ffff\s")
    pattern += r"|[^\x00-\x7f\s]"


@wrong(WORD)
class SpecialAnywhere(Words):
    """Special words are found inside words."""

    pattern = r"<\|endoftext\|>|<\|unk\|>|" + Words.pattern.replace(
        "(?!--)", r"(?!--|<\|endoftext\|>|<\|unk\|>)"
    )


@wrong(WORD)
class ComposedWords(Words):
    """The text is normalized to NFC."""

    def split(self, text: str) -> list[str]:
        """Normalize it."""
        return super().split(unicodedata.normalize("NFC", text))


@wrong(WORD)
class UnknownDropped(Words):
    """Unknown words vanish."""

    def encode(self, text: str) -> list[int]:
        """Look up what is known."""
        words = self.split(text)
        return [self.vocabulary[word] for word in words if word in self.vocabulary]


@wrong(WORD)
class UnknownFused(Words):
    """Unknown words in a row are one <|unk|>."""

    def encode(self, text: str) -> list[int]:
        """Drop those that follow another."""
        ids, unknown = super().encode(text), self.vocabulary.get("<|unk|>")
        pairs = zip([None, *ids], ids, strict=False)
        return [new for before, new in pairs if (before, new) != (unknown, unknown)]


@wrong(WORD)
class UnknownIsLast(Words):
    """An unknown word becomes the last id, which need not be that of <|unk|>."""

    def id_of(self, word: str) -> int:
        """Take the last."""
        known = word in self.vocabulary
        return self.vocabulary[word] if known else len(self.vocabulary) - 1


@wrong(WORD)
class DecodedAsV1(Words):
    """Spaces stay before : and ;."""

    marks = ",.?!\"()'"


@wrong(WORD)
class DecodedWithUnderscore(Words):
    """No space is before _."""

    marks = Words.marks + "_"


@wrong(WORD)
class DecodedWithDashes(Words):
    """No space is before --."""

    def decode(self, ids: list[int]) -> str:
        """Remove it."""
        return super().decode(ids).replace(" --", "--")


@wrong(WORD)
class DecodedAfterParenthesis(Words):
    """No space is behind ( either."""

    def decode(self, ids: list[int]) -> str:
        """Remove it."""
        return super().decode(ids).replace("( ", "(")


@wrong(WORD)
class DecodedBehindApostrophe(Words):
    """No space is behind ' either."""

    def decode(self, ids: list[int]) -> str:
        """Remove it."""
        return super().decode(ids).replace("' ", "'")


@wrong(WORD)
class DecodedWithSpaces(Words):
    """Spaces stay before marks."""

    marks = ""


@wrong(WORD)
class WordsInInt16(Words):
    """Ids have 16 bits, one of them for the sign."""

    def encode(self, text: str) -> list[int]:
        """Wrap."""
        return [(number + 2**15) % 2**16 - 2**15 for number in super().encode(text)]

    def decode(self, ids: list[int]) -> str:
        """Unwrap."""
        return super().decode([number % 2**16 for number in ids])


@wrong(WORD)
class WordsCutAt100(Words):
    """Words are cut after 100 letters."""

    def id_of(self, word: str) -> int:
        """Find any word that begins so."""
        if len(word) <= 100:
            return super().id_of(word)
        long = (w for w in self.vocabulary if w[:100] == word[:100])
        return super().id_of(next(long, word))


# Characters


@wrong(CHARACTER)
class Graphemes(Characters):
    """What a reader sees as one character is one."""

    def split(self, text: str) -> list[str]:
        """Split at the bounds of graphemes, if these are in the vocabulary."""
        found = regex.findall(r"\X", text)
        return [part if len(part) == 1 else "<|unk|>" for part in found]

    def id_of(self, character: str) -> int:
        """Look up a known character, else the last."""
        return self.vocabulary.get(character, len(self.vocabulary) - 1)


@wrong(CHARACTER)
class Utf16(Characters):
    """A character above U+FFFF is two."""

    def split(self, text: str) -> list[str]:
        """Give such a character twice."""
        return [c for c in text for _ in range(1 + (c > "\uffff"))]


@wrong(CHARACTER)
class UnknownCharactersDropped(Characters):
    """Unknown characters vanish."""

    def split(self, text: str) -> list[str]:
        """List those that are known."""
        return [c for c in text if c in self.vocabulary]


@wrong(CHARACTER)
class UnknownCharactersFused(Characters):
    """Unknown characters in a row are one <|unk|>."""

    def encode(self, text: str) -> list[int]:
        """Drop those that follow another."""
        ids, unknown = super().encode(text), self.vocabulary.get("<|unk|>")
        pairs = zip([None, *ids], ids, strict=False)
        return [new for before, new in pairs if (before, new) != (unknown, unknown)]


@wrong(CHARACTER)
class CharactersInSmallLetters(Characters):
    """An unknown character is looked up once more as a small letter."""

    def id_of(self, character: str) -> int:
        """Look it up twice."""
        known = character in self.vocabulary
        return super().id_of(character if known else character.lower())


@wrong(CHARACTER)
class UnkIsFound(Characters):
    """<|unk|> in a text is one id."""

    def split(self, text: str) -> list[str]:
        """Look for it, if the vocabulary has it."""
        if "<|unk|>" not in self.vocabulary:
            return [*text]
        return re.findall(r"<\|unk\|>|.", text, re.DOTALL)


@wrong(CHARACTER)
class ChangedText(Characters):
    """The text is normalized to NFC where the vocabulary has all of that."""

    def split(self, text: str) -> list[str]:
        """Change it."""
        changed = self.changed(text)
        known = {*changed} <= {*self.vocabulary} or "<|unk|>" in self.vocabulary
        return [*(changed if known else text)]

    def changed(self, text: str) -> str:
        """Normalize it."""
        return unicodedata.normalize("NFC", text)


@wrong(CHARACTER)
class StrippedText(ChangedText):
    """White space at both ends is lost."""

    def changed(self, text: str) -> str:
        """Strip it."""
        return text.strip()


@wrong(CHARACTER)
class TranslatedNewlines(ChangedText):
    """CR LF becomes LF."""

    def changed(self, text: str) -> str:
        """Translate them."""
        return text.replace("\r\n", "\n")


@wrong(CHARACTER)
class PrintableOnly(ChangedText):
    """What cannot be printed is lost, but for newlines."""

    def changed(self, text: str) -> str:
        """Drop it."""
        return "".join(c for c in text if c.isprintable() or c == "\n")


@wrong(CHARACTER)
class CharactersInInt16(Characters):
    """Ids have 16 bits, one of them for the sign."""

    def encode(self, text: str) -> list[int]:
        """Wrap."""
        return [(number + 2**15) % 2**16 - 2**15 for number in super().encode(text)]

    def decode(self, ids: list[int]) -> str:
        """Unwrap."""
        return super().decode([number % 2**16 for number in ids])


@wrong(CHARACTER)
class CharactersIn65536(Characters):
    """No more than 65,536 characters are read."""

    def split(self, text: str) -> list[str]:
        """Cut the text."""
        return [*text[: 2**16]]


@wrong(CHARACTER)
class UnkDecodedAsNothing(Characters):
    """<|unk|> is decoded to nothing."""

    def decode(self, ids: Any) -> str:
        """Leave it out."""
        return super().decode(ids).replace("<|unk|>", "")
