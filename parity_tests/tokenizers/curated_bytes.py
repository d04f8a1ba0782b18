r"""Texts for byte pairs, each with the rule that it tests: where code goes wrong.

The pattern is GPT-2's, for which `'` begins a contraction, and of a run of white space
the last character is left for what follows. What engines disagree on is left out: all
characters here were assigned long ago.
"""

Rule = tuple[str, tuple[str, ...]]  # what holds, and texts in which it shows
Special = tuple[str, tuple[str, ...], tuple[str, ...]]  # rule, tokens, texts

CONTRACTIONS: tuple[Rule, ...] = (
    (
        "a contraction is a pre-token of its own",
        ("it's we're I'll they'd I've I'm don't", "a's1's!'s", "they'd've"),
    ),
    (
        "a contraction is written in small letters, else ' is punctuation",
        ("IT'S it'S I'LL I'Ll I'lL they'D", "we'RE we'rE I'M I'VE doN'T DON'T"),
    ),
    (
        "a contraction begins with ' and no other mark",
        ("it’s we’ll I‘m don`t", "itʼs it′s I´ve"),
    ),
    (
        "a contraction is tried first, wherever ' follows no space",
        ("'lla 'rest 'vex 'mad 'dog'tis", " 's 't ''s ''s '''s", "'s'llx'ver's"),
    ),
    (
        "any other apostrophe is punctuation",
        ("rock'n'roll o'clock dogs' y'all 'em '90s", "x' 'y' ''", "'l'r'v'a"),
    ),
)

NUMBERS: tuple[Rule, ...] = (
    (
        "digits are one pre-token, however many there are",
        ("1 12 123 1234 1234567", "12345678901234567890", "x1234y12345"),
    ),
    (
        "letters and digits are pre-tokens apart",
        ("abc123def 3rd x2y 4K 1a2b", "é1猫2ß3"),
    ),
    (
        "numbers of every script are numbers, fractions and powers too",
        ("x² 1²3 ½ 3½ ٣٤٥ 1٣a٤", "Ⅷ ⅷx ①② १२३ ３４a ໑໒", "五六1七 〇a"),
    ),
    (
        "a number takes one space before it along, and no sign",
        (" 5 66 777", "$5 -3.14e10 1,234,567 +1 #2", "a 7 8a 9"),
    ),
)

LETTERS: tuple[Rule, ...] = (
    (
        "marks are no letters",
        ("q\u0301a x\u030ab m\u0308\u0301x", "नमस्ते किताब", "ภาษาไทย", "שָׁלוֹם مَرْحَبًا"),
    ),
    (
        "letters of every script are letters",
        ("naïve ßÜ łódź дом αβγ", "猫の手 한국어 ａｂｃ", "aªbºcʰdǅeᾳ", "שלום مرحبا"),
    ),
    (
        "a character above U+FFFF is one character",
        ("𝒳𝑥 𐍈𐍉a 𝔘𝔫𝔦", "𠮷野家", "a👍b 👍👍 🀄x"),
    ),
    ("_ is punctuation", ("snake_case __init__", "a_1_b _ __", "é_猫 _x")),
    (
        "capitals stay capitals",
        ("The THE the tHe", "İIıi ẞßSS Σσς Ǆǅǆ", "ÀÉÎ àéî"),
    ),
)

PUNCTUATION: tuple[Rule, ...] = (
    (
        "punctuation and signs in a row are one pre-token",
        ("a!? b... c?!?! --- ,;:", "#$%&*+ `~^=|<>", "€£¥ ©® …—– «»„“", "a.b,c;d"),
    ),
    (
        "punctuation takes one space before it along, and no letter behind it",
        ('(a [b {c "d -e', " (x $f /g @h", "a ( b ) 'c' _d", ".net #tag \\n"),
    ),
    (
        "no white space goes with the punctuation before it",
        ("a.\nb,\n\nc!\r\nd", "{\n}\n\n;\n", "... \n?\t\n", "/\n//\r/"),
    ),
)

WHITE_SPACE: tuple[Rule, ...] = (
    (
        "of a run of spaces the last goes with what follows",
        ("a  b   c    d", "    x  = 1     !", "  a", "   7", "a  'b   's"),
    ),
    (
        "of other white space the last character stands alone",
        ("\ta\t\tb\t\t\tc", "a \tb\t c \t d\t \te", "\n\na\n\n\nb"),
    ),
    (
        "spaces and newlines may mix in a run",
        ("a \n b\n c\n  d \n\n e", "def f():\n    return 1\n\n\n", "\n \n  \nx"),
    ),
    ("CR LF stays CR LF", ("a\r\nb\r\n\r\nc", "a\rb\r\rc\r\n\n\rd", "\r\n", "\r")),
    (
        "white space at both ends stays",
        ("  a  ", " a", "a ", "\na\n", "a   ", "\t", " ", "   ", "a \n", "\n\n\n"),
    ),
    (
        "U+0085 is white space",
        ("a\x85b\x85\x85c", "a \x85d \x85 e", "\x85", "1\x85!"),
    ),
    (
        "U+00A0 is white space, but no space",
        ("10\u00a0000\u00a0\u00a0km", "a \u00a0b\u00a0 c", "\u00a0x\u00a0"),
    ),
    (
        "U+2028 and U+2029 are white space",
        ("a\u2028b\u2029\u2029c", "a \u2028 b\u2029", "!\u2028\u2028?"),
    ),
    (
        "all the spaces of Unicode are white space",
        ("a\u3000b\u3000\u3000c", "a\u1680b\u2003c\u2009\u200ad", "1\u202f2\u205f3"),
    ),
    (
        "tab, line feed, U+000B, U+000C and carriage return are white space",
        ("a\x0bb\x0b\x0bc", "a\x0cb\x0c\x0cc \x0cd", "a\tb\t\tc"),
    ),
    (
        "U+001C to U+001F are no white space",
        ("a\x1cb\x1c\x1dc", "a \x1e b\x1f\x1f", "\x1d\x1d \x1e"),
    ),
    (
        "what has no width is no white space",
        (
            *("a\u200bb\u200b\u200bc \u200bd", "a\u200cb\u200d\u200dc", "a\u2060b"),
            *("a\u180eb\u180e\u180ec", "co\u00adop\u00ad", "a\u200f\u200eb"),
        ),
    ),
)

CODE_POINTS: tuple[Rule, ...] = (
    (
        "NUL is a character like any other",
        ("a\x00b\x00\x00c", "\x00", "\x00\x00a \x00", "a\x00"),
    ),
    (
        "control characters are characters like any other",
        ("a\x01b\x02\x03 \x04", "\x7f\x80\x81 a\x9f\x1b[0m", "a\x08b"),
    ),
    (
        "a byte order mark stays, wherever it is",
        ("\ufefffirst", "a\ufeffb\ufeff\ufeff \ufeff", "\ufeff"),
    ),
    (
        "joined emoji are several characters",
        ("👩‍👩‍👧‍👦 🏳️‍🌈", "👍🏽👍 ❤️❤ a👍🏿b", "🇩🇪🇫🇷 1️⃣#️⃣"),
    ),
    (
        "there is no normalization",
        (
            *("é e\u0301 é e\u0301x", "Å \u212b A\u030a Ω \u2126", "ﬁ fi ﬀ ĳ ⅷ"),
            *(
                "각 \u1100\u1161\u11a8",
                "ｱ ア カ\u3099 ガ",
                "q\u0307\u0323 q\u0323\u0307",
            ),
            *("½ 1⁄2 ² 2 ™ TM …", "“a” ‘b’ – — −"),
        ),
    ),
    (
        "U+FFFD and private characters are characters like any other",
        ("\ufffd?\ufffd\ufffd \ufffd", "\ue000a\uf8ff \U000f0000"),
    ),
    (
        "what other tokenizers write for a space or an end has no meaning",
        (
            *("Ġthe ĠĠa Ċ b", "▁the ▁▁a", "low</w> ##er @@ </s>", "<0x41> <unk>"),
            *("[UNK] [CLS] <s>a</s>", "\\n \\u0041 %20 &amp; +", "Ã© â€™"),
        ),
    ),
    ("one character is a text", ("a", "é", "猫", "👍", "\u0301", ".", "0", "'")),
    ("an empty text has no tokens", ("",)),
)

CUT = (*CONTRACTIONS, *NUMBERS, *LETTERS, *PUNCTUATION, *WHITE_SPACE, *CODE_POINTS)

END, PAD = "<|end|>", "<|pad|>"
# Where special tokens begin with each other, tiktoken takes the one that its hash table
# has first. These names are some of which that is the longer one.
SPECIAL: tuple[Special, ...] = (
    (
        "a special token is found inside a word",
        (END, PAD),
        (f"low{END}er", f"1{END}2{PAD}3", f"({END})é{PAD}é", f"a{END}", f"{END}a"),
    ),
    (
        "adjacent special tokens are found each",
        (END, PAD),
        (f"{END}{END}{PAD}{END}", f"a{PAD}{PAD}b{END}{END}{END}c", END),
    ),
    (
        "the white space around a special token stays",
        (END, PAD),
        (
            *(f"a {END} b", f"a  {END}  b", f" {END} ", f"a\n{END}\nb", f"{END} {PAD}"),
            *(f"a\t{END}\tb", f"a \n{END}\n\n {PAD}", f"\u00a0{END}\u3000{END}\r\n"),
        ),
    ),
    (
        "no merge and no pre-token reaches across a special token",
        (END,),
        (f"it{END}'s I'{END}ll", f"1{END}2 ab{END}ab", f"a{END} {END}b", f"é{END}é!"),
    ),
    (
        "of special tokens that begin together the longest is found, not the first",
        ("<|im", "<|im|>", "<|im|>\n"),
        ("<|im|>\n<|im|>x<|im<|im|>", "a<|im <|im|> <|im|>\n\n"),
    ),
    (
        "of special tokens that begin together the longest is found, not the last",
        ("<|im|>\n", "<|im|>", "<|im"),
        ("<|im|>\n<|im|>x<|im<|im|>", "a<|im <|im|> <|im|>\n\n"),
    ),
    (
        "of two special tokens that overlap the one that begins first is found",
        ("<a><", "<b><c>"),
        ("<a><b><c>", "x<b><c><a><b><c><"),
    ),
    (
        "a special token is no pattern",
        ("a.c", "[x]+", "(y|z)", "\\d", "^", "$", "b*", "<|?|>"),
        ("abc a.c xx [x]+", "y (y|z) z 7 \\d", "^a$ b bb b* <|?|> <||>"),
    ),
    (
        "a special token is found as it is written, in capitals or not",
        (END, "<|PAD|>"),
        (f"{END} <|END|> <|End|>", "<|PAD|> <|pad|><|Pad|>"),
    ),
    (
        "a part of a special token is plain text",
        (END,),
        ("<|end|", "|end|>", "<|end |>", "< |end|>", "<|end|<|end|>|>", "end"),
    ),
    (
        "a special token may hold letters, spaces and newlines",
        ("low", "new line", "\n\n", " é", "<|a b|>"),
        ("lower slow low", "a new line\n\nb\n\n\n", "a é né<|a b|>new  line"),
    ),
    (
        "a special token of other characters is found as they are",
        ("<|é|>", "👍🏽", "<｜end｜>"),
        ("<|é|><|e\u0301|>", "👍👍🏽👍🏿", "<｜end｜><|end|>"),
    ),
    (
        "special tokens are numbered in their order, whatever it is",
        ("<|z|>", "<|a|>", "<|m|>"),
        ("<|a|><|m|><|z|>", "a<|z|>b<|a|>c<|m|>"),
    ),
)
