//! A quick look at bytes that are nearly always canonical: one pass, nothing built.
//!
//! It may say no to canonical bytes (keys with escapes); the caller then looks by definition. A yes is always right,
//! which a property test holds against the definition.

use super::{MAX_DEPTH, MAX_INTEGER};

/// Whether the bytes are canonical JSON beyond doubt.
pub(super) fn is_surely_canonical(bytes: &[u8]) -> bool {
    let mut rest = Scan { bytes, at: 0 };
    std::str::from_utf8(bytes).is_ok() && rest.value(0).is_some() && rest.at == bytes.len()
}

/// Where the pass stands. Every step is `None` where the bytes are not certainly canonical.
struct Scan<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// How many signs at least begin these bytes that may stand in a text as they are, looked at eight at a time.
fn plain_signs(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = ONES << 7;
    // Sets the highest bit of each byte below a limit of at most 128; it may also set that of a byte above such a one.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |word: u64, sign: u8| below(word ^ (ONES * u64::from(sign)), 1);
    let is_plain =
        |word: u64| (below(word, 32) | equal(word, b'"') | equal(word, b'\\')) & HIGHEST == 0;
    let eights = bytes.chunks_exact(8);
    let words = eights.map(|eight| eight.try_into().map_or(0, u64::from_ne_bytes));
    8 * words.take_while(|word| is_plain(*word)).count()
}

impl<'b> Scan<'b> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes
            .get(self.at..)?
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.text().map(|_| ()),
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.integer(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        let mut before: Option<&[u8]> = None;
        loop {
            let (key, has_escapes) = self.text()?;
            if has_escapes || before.is_some_and(|before| before >= key) {
                return None;
            }
            before = Some(key);
            self.take(b':')?;
            self.value(depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }

    /// A text as it stands between its quotes, and whether anything in it is escaped.
    fn text(&mut self) -> Option<(&'b [u8], bool)> {
        self.take(b'"')?;
        let begin = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain_signs(&self.bytes[self.at..]);
            match self.peek()? {
                b'"' => {
                    let text = &self.bytes[begin..self.at];
                    self.at += 1;
                    return Some((text, has_escapes));
                }
                b'\\' => {
                    has_escapes = true;
                    self.escape()?;
                }
                0..=31 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        self.take(b'\\')?;
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r' => Some(()),
            b'u' => {
                self.word(b"00")?;
                let (tens, ones) = (self.peek()?, *self.bytes.get(self.at + 1)?);
                self.at += 2;
                let has_no_short_form = match tens {
                    // 0 is refused, and 8, 9, a, c and d have short forms.
                    b'0' => matches!(ones, b'1'..=b'7' | b'b' | b'e' | b'f'),
                    b'1' => matches!(ones, b'0'..=b'9' | b'a'..=b'f'),
                    _ => false,
                };
                has_no_short_form.then_some(())
            }
            _ => None,
        }
    }

    fn integer(&mut self) -> Option<()> {
        let is_negative = self.take(b'-').is_some();
        let begin = self.at;
        let mut size = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            size = size.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let digits = self.at - begin;
        let is_canonical = digits > 0
            && (digits == 1 || self.bytes[begin] != b'0')
            && !(is_negative && size == 0)
            && size <= MAX_INTEGER;
        is_canonical.then_some(())
    }
}
