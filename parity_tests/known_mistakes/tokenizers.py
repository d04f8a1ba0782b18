"""Known mistakes in tokenizers: words, characters, bytes and their merges."""

from parity_tests.known_mistakes.mistake import Place, known

WORD = {"tokenizers/word": "tokenizers/word.py"}
CHARACTER = {"tokenizers/character": "tokenizers/character.py"}
BYTE_PAIR = {"tokenizers/byte_pair": "tokenizers/byte_pair.py"}
POINTS = {
    "tokenizers/character": "tokenizers/text.py",
    "tokenizers/byte_pair": "tokenizers/text.py",
}

AN_ID_THAT_IS_NONE = "tokenizers/test_tokenizer.py::test_an_id_that_is_none_is_refused"

READING = (
    # ------------------------------------------------------------- reading a text
    *known(
        "text-normalised",
        "The text is normalised before it is read",
        "NFC makes one code point of a letter and its accent. GPT-2 was trained "
        "without, so such words get other ids, and decoding gives another text.",
        Place(
            POINTS,
            'import numpy as np\n...\ntext.encode("utf-32-le")',
            "import unicodedata\n\nimport numpy as np\n...\n"
            'unicodedata.normalize("NFC", text).encode("utf-32-le")',
        ),
    ),
    *known(
        "text-stripped",
        "White space at both ends is stripped",
        "A `strip` from reading lines reaches the tokenizer. A prompt that ends in a "
        "space, or a text that begins with a newline, is no longer the same.",
        Place(POINTS, 'text.encode("utf-32-le")', 'text.strip().encode("utf-32-le")'),
    ),
    *known(
        "newlines-translated",
        "CR LF becomes LF",
        "A file opened in text mode has its line ends translated; ids then differ "
        "from those of anyone who reads bytes, and so does what is decoded.",
        Place(
            POINTS,
            'text.encode("utf-32-le")',
            'text.replace("\\r\\n", "\\n").encode("utf-32-le")',
        ),
    ),
    *known(
        "utf16-units",
        "Units of UTF-16 taken for characters",
        "In JavaScript, Java and C# a string is made of 16-bit units, and an emoji of "
        "two. A port then counts, splits and looks up halves of characters.",
        Place(
            POINTS,
            'text.encode("utf-32-le"), np.uint32',
            'text.encode("utf-16-le"), np.uint16',
        ),
    ),
)

WORDS = (
    # ---------------------------------------------------------------------- words
    *known(
        "word-split-at-spaces",
        "Punctuation stays on the words",
        "`text.split()` is the first thing one tries: `end.` and `end` are two words.",
        Place(WORD, "SEPARATOR.split(text)", "text.split()"),
    ),
    *known(
        "word-double-dash",
        "`--` is no separator",
        "It is the one mark of two characters, and is lost when the pattern is "
        "rewritten as a class of characters.",
        Place(WORD, "|--|\\s", "|\\s"),
    ),
    *known(
        "word-empty-pieces",
        "Empty pieces are kept",
        "`re.split` gives empty pieces between two separators, and white space is "
        "stripped to nothing. The empty string becomes the commonest word.",
        Place(WORD, "[piece for piece in pieces if piece]", "pieces"),
    ),
    *known(
        "word-lower-case",
        "The text is lower-cased",
        "A habit from search engines. `The` and `the` are one word, and decoding "
        "cannot give the first one back.",
        Place(WORD, "SEPARATOR.split(text)", "SEPARATOR.split(text.lower())"),
    ),
    *known(
        "word-unknown-crash",
        "An unknown word is an error although there is `<|unk|>`",
        "The book's first version, kept when the special word was added to the "
        "vocabulary: the look-up raises before anything can be put in.",
        Place(WORD, "np.where(found == ABSENT, self._unknown, found)", "found"),
        seen_in=(
            "https://github.com/rasbt/LLMs-from-scratch/blob/main/ch02/"
            "01_main-chapter-code/ch02.ipynb",
        ),
    ),
    *known(
        "word-unknown-dropped",
        "Unknown words vanish",
        "What is not found is left out without a word, so a text of names alone "
        "becomes nothing.",
        Place(
            WORD,
            "np.where(found == ABSENT, self._unknown, found)",
            "found[found != ABSENT]",
        ),
    ),
    *known(
        "word-decode-spaces",
        "Spaces stay before punctuation",
        "Words are joined by spaces and nothing more, which gives `Hello , world .`.",
        Place(WORD, 'SPACE_BEFORE_MARK.sub(r"\\1", joined)', "joined"),
    ),
    *known(
        "word-decode-v1",
        "Spaces stay before `:` and `;`",
        "The set of marks that lose the space before them is not the set at which the "
        "text is split, and it grew between the book's two versions.",
        Place(WORD, """([,.:;?!"()'])\"""", """([,.?!"()'])\""""),
    ),
    *known(
        "special-words-first",
        "Special words numbered before the others",
        "Most vocabularies put special tokens first, this one last, so every id is "
        "off by their number.",
        Place(
            WORD,
            "[*distinct, END_OF_TEXT, UNKNOWN]",
            "[END_OF_TEXT, UNKNOWN, *distinct]",
        ),
        Place(
            CHARACTER,
            "[*text_of(distinct), *([UNKNOWN] if unknown else [])]",
            "[*([UNKNOWN] if unknown else []), *text_of(distinct)]",
        ),
    ),
    *known(
        "vocab-size-minus-one",
        "The vocabulary is one too small",
        "The highest id is taken for the number of ids. The last one, often a special "
        "token, cannot be decoded, or has no row in an embedding.",
        Place(WORD, "return len(self.ends)", "return len(self.ends) - 1"),
        Place(
            CHARACTER, "return len(self.characters)", "return len(self.characters) - 1"
        ),
    ),
)

CHARACTERS = (
    # ------------------------------------------------------------------ vocabulary
    *known(
        "char-order",
        "The order of the vocabulary is that of a set",
        "Python orders the strings of a set by a hash that changes from run to run: a "
        "model saved today reads nonsense tomorrow.",
        Place(
            WORD,
            "sorted({*words} - {END_OF_TEXT, UNKNOWN})",
            "list({*words} - {END_OF_TEXT, UNKNOWN})",
        ),
        Place(CHARACTER, "[*text_of(distinct),", "[*set(text_of(distinct)),"),
    ),
    *known(
        "first-seen-order",
        "Ids in the order in which the text has them",
        "A dictionary keeps the order of insertion, which is as good as any until "
        "another text, or the same one shuffled, must give the same ids.",
        Place(
            WORD,
            "sorted({*words} - {END_OF_TEXT, UNKNOWN})",
            "[w for w in dict.fromkeys(words) if w not in {END_OF_TEXT, UNKNOWN}]",
        ),
        Place(
            CHARACTER,
            "[*text_of(distinct),",
            "[*dict.fromkeys(text),",
        ),
    ),
    *known(
        "search-unchecked",
        "What is not found becomes its neighbour",
        "A binary search says where something would stand, found or not. Without a "
        "look at what stands there, an unknown character gets the id of the next one.",
        Place(
            CHARACTER,
            "self._ids[np.where(known, places, self.vocab_size)]",
            "self._ids[places]",
        ),
    ),
)

IDS = (
    *known(
        "decode-negative-id",
        "−1 is read as the last id",
        "NumPy and Python count negative places from the end. A padding id of −1 then "
        "decodes to the last token instead of an error.",
        Place(
            {**WORD, **CHARACTER, **BYTE_PAIR},
            "token_ids(ids, self.vocab_size)",
            "np.asarray(ids, np.int64)",
            caught_by=AN_ID_THAT_IS_NONE,
        ),
    ),
)

TOKENIZERS = (*READING, *WORDS, *CHARACTERS, *IDS)
