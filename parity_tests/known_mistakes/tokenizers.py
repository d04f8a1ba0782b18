"""Known mistakes in reading a text, and in tokenizers of words and characters."""

TOKENIZERS = r"""
text-normalised: The text is normalized before it is encoded
    NFC makes one code point of a letter and its accent. GPT-2 was trained without, so
    such words get other ids, and decoding gives another text.
@ check_text:
    - return text
    + from unicodedata import normalize
    + return normalize("NFC", text)

text-stripped: White space at both ends is stripped
    A `strip` from reading lines reaches the tokenizer. A prompt that ends in a space,
    or a text that begins with a newline, is no longer the same.
@ check_text in tokenizers/[!w]*: return text → return text.strip()

newlines-translated: CR LF becomes LF
    Text mode translates line ends: ids differ from those of anyone who reads bytes.
@ check_text in tokenizers/[!w]*: return text → return text.replace("\r\n", "\n")

utf16-units: Units of UTF-16 taken for characters
    In JavaScript, Java and C# a string is made of 16-bit units, and an emoji of two. A
    port then counts, splits and looks up halves of characters.
@ check_text:
    - return text
    + units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
    + return "".join(map(chr, units.tolist()))

word-split-at-spaces: Punctuation stays on the words
    `text.split()` is the first thing one tries: `end.` and `end` are two words.
@ split: SEPARATOR.split(check_text(text)) → check_text(text).split()

word-double-dash: `--` is no separator
    The one mark of two characters is lost when the pattern becomes a class of them.
@ SEPARATOR: |--|\s → |\s

word-empty-pieces: Empty strings are words
    `re.split` gives empty strings between two separators, and white space is stripped
    to nothing. The empty string becomes the most frequent word.
@ split: [part for part in parts if part] → parts

word-lower-case: The text is lower-cased
    A habit from search engines. `The` becomes `the`, and decoding cannot undo it.
@ split: check_text(text) → check_text(text).lower()

word-unknown-crash: An unknown word is an error although there is `<|unk|>`
    The book's first version: the look-up raises before `<|unk|>` can be put in.
    Seen in
    https://github.com/rasbt/LLMs-from-scratch/blob/main/ch02/01_main-chapter-code/ch02.ipynb
@ Look up: .get(word, unknown) → .get(word)

word-unknown-dropped: Unknown words vanish
    What is not found is left out silently: a text of names alone becomes nothing.
@ Look up: in words] → in words if word in self.vocabulary]

word-decode-spaces: Spaces stay before punctuation
    Words are joined by spaces and nothing more, which gives `Hello , world .`.
@ Remove: SPACE_BEFORE_PUNCTUATION.sub(r"\1", joined) → joined

word-decode-v1: Spaces stay before `:` and `;`
    The marks that lose the space before them are not those that the text is split at.
@ SPACE_BEFORE_PUNCTUATION: ,.:;?! → ,.?!

special-words-first: Special words numbered before the others
    Most vocabularies put special tokens first, this one last: every id is off.
@ Number: *distinct, END_OF_TEXT, UNKNOWN → END_OF_TEXT, UNKNOWN, *distinct
@ Number: *distinct, *[UNKNOWN] * unknown → *[UNKNOWN] * unknown, *distinct

vocab-size-minus-one: The vocabulary is one too small
    The highest id is taken for the number of ids: the last one cannot be decoded.
@ __init__: len(self.tokens) → len(self.tokens) - 1

char-order: The order of the vocabulary is that of a set
    Python hashes strings anew in each run: a model saved today reads nonsense tomorrow.
@ Sort: sorted( → list(

first-seen-order: Ids in the order in which the text has them
    A dictionary keeps the order of insertion, which is as good as any until another
    text, or the same one shuffled, must give the same ids.
@ Sort:
    - sorted(words - {END_OF_TEXT, UNKNOWN})
    + [w for w in words if w not in {END_OF_TEXT, UNKNOWN}]
& Split:
    - {word for text in check_list("texts", texts) for word in split(text)}
    + dict.fromkeys(w for t in check_list("texts", texts) for w in split(t))
@ Sort:
    - sorted({character for text in texts for character in text})
    + dict.fromkeys(character for text in texts for character in text)

search-unchecked: What is not found becomes what comes next
    A binary search says where something would be, found or not. Without a look at what
    is there, an unknown character gets the id of the next one.
@ Look up:
    - row = [id_of.get(character, unknown) for
    + from bisect import bisect_left
    + row = [bisect_left(self.tokens, character) for

decode-negative-id: −1 is read as the last id
    A padding id of −1 then decodes to the last token instead of an error.
@ check_ids: not 0 <= number < vocab_size → number >= vocab_size
    caught by rejection: ids must lie in
"""
