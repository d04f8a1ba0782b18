"""Known mistakes in reading a text, and in tokenizers of words and characters."""

from parity_tests.known_mistakes.mistake import Patch, known

NOT_WORDS = "tokenizers/[!w]*"  # the word tokenizer drops white space by design

READING = (
    known(
        "text-normalised",
        "The text is normalized before it is encoded",
        "NFC makes one code point of a letter and its accent. GPT-2 was trained "
        "without, so such words get other ids, and decoding gives another text.",
        Patch(
            "check_text",
            "return text",
            'from unicodedata import normalize\n\nreturn normalize("NFC", text)',
        ),
    ),
    known(
        "text-stripped",
        "White space at both ends is stripped",
        "A `strip` from reading lines reaches the tokenizer. A prompt that ends in a "
        "space, or a text that begins with a newline, is no longer the same.",
        Patch("check_text", "return text", "return text.strip()", only=NOT_WORDS),
    ),
    known(
        "newlines-translated",
        "CR LF becomes LF",
        "A file opened in text mode has its line ends translated; ids then differ "
        "from those of anyone who reads bytes, and so does what is decoded.",
        Patch(
            "check_text",
            "return text",
            'return text.replace("\\r\\n", "\\n")',
            only=NOT_WORDS,
        ),
    ),
    known(
        "utf16-units",
        "Units of UTF-16 taken for characters",
        "In JavaScript, Java and C# a string is made of 16-bit units, and an emoji of "
        "two. A port then counts, splits and looks up halves of characters.",
        Patch(
            "check_text",
            "return text",
            'units = np.frombuffer(text.encode("utf-16-le"), np.uint16)\n'
            'return "".join(map(chr, units.tolist()))',
        ),
    ),
)

WORDS = (
    known(
        "word-split-at-spaces",
        "Punctuation stays on the words",
        "`text.split()` is the first thing one tries: `end.` and `end` are two words.",
        Patch("split", "SEPARATOR.split(check_text(text))", "check_text(text).split()"),
    ),
    known(
        "word-double-dash",
        "`--` is no separator",
        "It is the one mark of two characters, and is lost when the pattern is "
        "rewritten as a class of characters.",
        Patch("SEPARATOR", "|--|\\s", "|\\s"),
    ),
    known(
        "word-empty-pieces",
        "Empty strings are words",
        "`re.split` gives empty strings between two separators, and white space is "
        "stripped to nothing. The empty string becomes the most frequent word.",
        Patch("split", "[part for part in parts if part]", "parts"),
    ),
    known(
        "word-lower-case",
        "The text is lower-cased",
        "A habit from search engines. `The` and `the` are one word, and decoding "
        "cannot give the first one back.",
        Patch("split", "check_text(text)", "check_text(text).lower()"),
    ),
    known(
        "word-unknown-crash",
        "An unknown word is an error although there is `<|unk|>`",
        "The book's first version, kept when the special word was added to the "
        "vocabulary: the look-up raises before anything can be put in.",
        Patch("Look up", ".get(word, unknown)", ".get(word)"),
        seen_in=(
            "https://github.com/rasbt/LLMs-from-scratch/blob/main/ch02/"
            "01_main-chapter-code/ch02.ipynb",
        ),
    ),
    known(
        "word-unknown-dropped",
        "Unknown words vanish",
        "What is not found is left out without a word, so a text of names alone "
        "becomes nothing.",
        Patch("Look up", "in words]", "in words if word in self.vocabulary]"),
    ),
    known(
        "word-decode-spaces",
        "Spaces stay before punctuation",
        "Words are joined by spaces and nothing more, which gives `Hello , world .`.",
        Patch("Remove", 'SPACE_BEFORE_PUNCTUATION.sub(r"\\1", joined)', "joined"),
    ),
    known(
        "word-decode-v1",
        "Spaces stay before `:` and `;`",
        "The set of marks that lose the space before them is not the set at which the "
        "text is split, and it grew between the book's two versions.",
        Patch("SPACE_BEFORE_PUNCTUATION", ",.:;?!", ",.?!"),
    ),
    known(
        "special-words-first",
        "Special words numbered before the others",
        "Most vocabularies put special tokens first, this one last, so every id is "
        "off by their number.",
        Patch(
            "Number",
            "*distinct, END_OF_TEXT, UNKNOWN",
            ("END_OF_TEXT, UNKNOWN, *distinct"),
        ),
        Patch(
            "Number",
            "*distinct, *[UNKNOWN] * unknown",
            "*[UNKNOWN] * unknown, *distinct",
        ),
    ),
    known(
        "vocab-size-minus-one",
        "The vocabulary is one too small",
        "The highest id is taken for the number of ids. The last one, often a special "
        "token, cannot be decoded, or has no row in an embedding.",
        Patch("__init__", "len(self.tokens)", "len(self.tokens) - 1"),
    ),
)

CHARACTERS = (
    known(
        "char-order",
        "The order of the vocabulary is that of a set",
        "Python orders the strings of a set by a hash that changes from run to run: a "
        "model saved today reads nonsense tomorrow.",
        Patch("Sort", "sorted(", "list("),
    ),
    known(
        "first-seen-order",
        "Ids in the order in which the text has them",
        "A dictionary keeps the order of insertion, which is as good as any until "
        "another text, or the same one shuffled, must give the same ids.",
        Patch(
            "Sort",
            "sorted(words - {END_OF_TEXT, UNKNOWN})",
            "[w for w in words if w not in {END_OF_TEXT, UNKNOWN}]",
        ).and_in(
            "Split",
            '{word for text in check_list("texts", texts) for word in split(text)}',
            'dict.fromkeys(w for t in check_list("texts", texts) for w in split(t))',
        ),
        Patch(
            "Sort",
            "sorted({character for text in texts for character in text})",
            "dict.fromkeys(character for text in texts for character in text)",
        ),
    ),
    known(
        "search-unchecked",
        "What is not found becomes what comes next",
        "A binary search says where something would be, found or not. Without a look "
        "at what is there, an unknown character gets the id of the next one.",
        Patch(
            "Look up",
            "row = [id_of.get(character, unknown) for",
            "from bisect import bisect_left\n\n"
            "row = [bisect_left(self.tokens, character) for",
        ),
    ),
)

IDS = (
    known(
        "decode-negative-id",
        "−1 is read as the last id",
        "NumPy and Python count negative indices from the end. A padding id of −1 then "
        "decodes to the last token instead of an error.",
        Patch(
            "check_ids",
            "not 0 <= number < vocab_size",
            "number >= vocab_size",
            caught_by="rejection: ids must lie in",
        ),
    ),
)

TOKENIZERS = (*READING, *WORDS, *CHARACTERS, *IDS)
