//! The character classes of RFC 3261, section 25.1, as one table: a byte's class is one load and one test.

/// `token`: method names, header names, option tags, parameter names.
pub(super) const TOKEN: u16 = 1 << 0;
/// `user`, without the `%` of an escape.
pub(super) const USER: u16 = 1 << 1;
/// `password`, without the `%` of an escape.
pub(super) const PASSWORD: u16 = 1 << 2;
/// `paramchar` of a URI parameter, and the `;` and `=` between them.
pub(super) const URI_PARAMS: u16 = 1 << 3;
/// Characters of the headers of a URI, and the `&` and `=` between them.
pub(super) const URI_HEADERS: u16 = 1 << 4;
/// Host names. An underscore is no part of the grammar but of many networks.
pub(super) const HOST: u16 = 1 << 5;
/// Any URI of a scheme that is not ours (RFC 3986: reserved, unreserved), without the `%` of an escape.
pub(super) const URI: u16 = 1 << 6;
/// `word`: Call-ID.
pub(super) const WORD: u16 = 1 << 7;
/// What an unquoted parameter value may hold: token, host, and whatever does not end the parameter.
pub(super) const VALUE: u16 = 1 << 8;
/// URI scheme, after its first letter.
pub(super) const SCHEME: u16 = 1 << 9;

const fn with(mut table: [u16; 256], bytes: &[u8], class: u16) -> [u16; 256] {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= class;
        at += 1;
    }
    table
}

const fn table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let everywhere = TOKEN | USER | PASSWORD | URI_PARAMS | URI_HEADERS | HOST | URI | WORD | VALUE | SCHEME;
    table = with(table, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", everywhere);
    table = with(table, b"-.!%*_+`'~", TOKEN | WORD);
    table = with(table, b"()<>:\\\"/[]?{}", WORD);
    // `mark` is part of every URI component.
    table = with(table, b"-_.!~*'()", USER | PASSWORD | URI_PARAMS | URI_HEADERS | URI);
    // `#` is no part of `user`, but telephones send it in service codes, and nothing else could be meant.
    table = with(table, b"&=+$,;?/#", USER);
    table = with(table, b"&=+$,", PASSWORD);
    table = with(table, b"[]/:&+$;=", URI_PARAMS);
    table = with(table, b"[]/?:+$&=", URI_HEADERS);
    table = with(table, b";/?:@&=+$,#[]", URI);
    table = with(table, b"-._", HOST);
    table = with(table, b"+-.", SCHEME);
    let mut byte = 0x21;
    while byte < 0x100 {
        table[byte] |= VALUE;
        byte += 1;
    }
    table = without(table, b";,\"<>\x7F", VALUE);
    table
}

const fn without(mut table: [u16; 256], bytes: &[u8], class: u16) -> [u16; 256] {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] &= !class;
        at += 1;
    }
    table
}

static TABLE: [u16; 256] = table();

/// Whether `byte` is in `class`.
#[inline]
pub(super) fn is(byte: u8, class: u16) -> bool {
    TABLE[byte as usize] & class != 0
}

/// How many bytes at the front of `bytes` are in `class`, which is one class. Four are looked at together.
#[inline]
pub(super) fn span(bytes: &[u8], class: u16) -> usize {
    let fours = bytes.as_chunks::<4>().0;
    let in_class = |four: &&[u8; 4]| four.iter().fold(class, |class, &byte| class & TABLE[byte as usize]) != 0;
    let mut length = 4 * fours.iter().take_while(in_class).count();
    while bytes.get(length).is_some_and(|&byte| is(byte, class)) {
        length += 1;
    }
    length
}

/// Whether every byte of `text` is in `class`. True for the empty text.
#[inline]
pub(super) fn all(text: &str, class: u16) -> bool {
    span(text.as_bytes(), class) == text.len()
}

/// Whether `text` is a `token`: at least one character, all of them token characters.
#[inline]
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && all(text, TOKEN)
}

/// Whether every byte of `text` is in `class` or part of a `%` HEX HEX escape.
#[inline]
pub(super) fn all_escaped(text: &str, class: u16) -> bool {
    all(text, class) || all_but_escapes(text.as_bytes(), class)
}

fn all_but_escapes(mut bytes: &[u8], class: u16) -> bool {
    loop {
        match bytes {
            [] => return true,
            [byte, rest @ ..] if is(*byte, class) => bytes = rest,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => bytes = rest,
            _ => return false,
        }
    }
}

/// White space inside a line: SP and HTAB.
#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `text` without the blanks at both ends.
#[inline]
pub(super) fn trim(text: &str) -> &str {
    let text = trim_start(text);
    let mut end = text.len();
    while end > 0 && is_blank(text.as_bytes()[end - 1]) {
        end -= 1;
    }
    &text[..end]
}

/// `text` without the blanks at its front.
#[inline]
pub(super) fn trim_start(text: &str) -> &str {
    let mut start = 0;
    while text.as_bytes().get(start).copied().is_some_and(is_blank) {
        start += 1;
    }
    &text[start..]
}

/// Where the first `wanted` stands. For texts of some tens of octets, where a loop is done before a wider search
/// has begun.
#[inline]
pub(super) fn find(text: &str, wanted: u8) -> Option<usize> {
    text.bytes().position(|byte| byte == wanted)
}

/// A decimal number that fits the type, and nothing else around it.
#[inline]
pub(super) fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(number)
}
