//! Reading: the text becomes a list of nodes, and values are taken from it.

use alloc::{format, string::String, vec::Vec};

use super::Json;

/// Deeper than anything that a trace has, and far from the end of any stack.
const DEEPEST: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    True,
    False,
    Number,
    /// What is between the quotes, with escapes.
    Text,
    List,
    /// Its nodes are names and values in turns.
    Object,
}

#[derive(Clone, Copy)]
struct Node {
    kind: Kind,
    start: usize,
    end: usize,
    /// The node behind this one and all that is in it.
    next: usize,
}

/// The place of a `null`, so that a field that is not there can be entered, too.
const NOWHERE: usize = 0;

/// A text that was read, a place in it, and the first mistake.
pub(crate) struct Reader<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    at: usize,
    field: &'static str,
    mistake: Option<String>,
}

/// Reads `text` as one value, with nothing but space around it. The error says what is wrong, and in which column.
pub(crate) fn parse<T: Json>(text: &str) -> Result<T, String> {
    let mut reader = Reader {
        text,
        nodes: Vec::new(),
        at: NOWHERE,
        field: "",
        mistake: None,
    };
    reader.push(Kind::Null, 0, 0);
    let mut scanner = Scanner {
        reader: &mut reader,
        pos: 0,
    };
    if let Err(what) = scanner.document() {
        let column = scanner.pos + 1;
        return Err(format!("{what} at column {column}"));
    }
    reader.at = 1;
    let value = T::take(&mut reader);
    reader.mistake.map_or(Ok(value), Err)
}

impl Reader<'_> {
    fn push(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node {
            kind,
            start,
            end,
            next,
        });
        next - 1
    }

    fn node(&self) -> Node {
        self.nodes[self.at]
    }

    fn slice(&self, node: Node) -> &str {
        &self.text[node.start..node.end]
    }

    fn fail(&mut self, what: &str) {
        if self.mistake.is_none() {
            let (field, column) = (self.field, self.node().start + 1);
            self.mistake = Some(match (field, self.at) {
                ("", _) => format!("{what} at column {column}"),
                (_, NOWHERE) => format!("`{field}`: {what}"),
                _ => format!("`{field}`: {what} at column {column}"),
            });
        }
    }

    /// Where the reader is, to [`leave`](Self::leave) to.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    pub(crate) fn leave(&mut self, place: usize) {
        self.at = place;
    }

    pub(crate) fn is_null(&self) -> bool {
        self.node().kind == Kind::Null
    }

    /// A variant without fields has nothing behind its name.
    pub(crate) fn nothing(&mut self) {
        if !self.is_null() {
            self.fail("expected nothing but the name");
        }
    }

    pub(crate) fn truth(&mut self) -> bool {
        let kind = self.node().kind;
        if !matches!(kind, Kind::True | Kind::False) {
            self.fail("expected true or false");
        }
        kind == Kind::True
    }

    /// A whole number as the bits of a type with those limits.
    pub(crate) fn whole(&mut self, min: i64, max: u64) -> u64 {
        let node = self.node();
        let text = self.slice(node);
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |digits| (true, digits));
        let most = if negative { min.unsigned_abs() } else { max };
        match digits.parse::<u64>() {
            Ok(magnitude) if node.kind == Kind::Number && magnitude <= most && !digits.starts_with('+') => {
                if negative {
                    magnitude.wrapping_neg()
                } else {
                    magnitude
                }
            }
            _ => {
                self.fail(&format!("expected a whole number from {min} to {max}"));
                0
            }
        }
    }

    pub(crate) fn text(&mut self) -> String {
        let node = self.node();
        let text = (node.kind == Kind::Text).then(|| unescape(self.slice(node)));
        if text.is_none() {
            self.fail("expected a text");
        }
        text.flatten().unwrap_or_else(|| {
            self.fail("half a surrogate pair");
            String::new()
        })
    }

    /// The first node of the list here.
    pub(crate) fn first(&mut self) -> (usize, usize) {
        let node = self.node();
        if node.kind == Kind::List {
            (self.at + 1, node.next)
        } else {
            self.fail("expected a list");
            (NOWHERE, NOWHERE)
        }
    }

    /// The first node of the list here, which has that many values.
    pub(crate) fn exactly(&mut self, len: usize) -> (usize, usize) {
        let (first, end) = self.first();
        let mut found = 0;
        let mut at = first;
        while at < end {
            at = self.nodes[at].next;
            found += 1;
        }
        if found != len {
            self.fail(&format!("expected a list of {len} values"));
            return (NOWHERE, NOWHERE);
        }
        (first, end)
    }

    /// Goes to the next value of a list; false behind its end and after a mistake.
    pub(crate) fn enter(&mut self, (next, end): &mut (usize, usize)) -> bool {
        if *next >= *end || self.mistake.is_some() {
            return false;
        }
        self.at = *next;
        *next = self.node().next;
        true
    }

    pub(crate) fn field<T: Json>(&mut self, name: &'static str) -> T {
        let back = self.at;
        self.seek(name, T::OPTIONAL);
        let value = T::take(self);
        self.at = back;
        value
    }

    fn seek(&mut self, name: &'static str, optional: bool) {
        let object = self.node();
        if object.kind != Kind::Object {
            return self.fail("expected an object");
        }
        let mut found = NOWHERE;
        let mut at = self.at + 1;
        while at < object.next {
            let value = at + 1;
            if self.slice(self.nodes[at]) == name {
                if found != NOWHERE {
                    self.at = at;
                    return self.fail(&format!("a second `{name}`"));
                }
                found = value;
            }
            at = self.nodes[value].next;
        }
        if found == NOWHERE && !optional {
            self.fail(&format!("`{name}` is missing in the object"));
        }
        (self.at, self.field) = (found, name);
    }

    /// Goes to what is behind a variant's name, and says which of `names` it is.
    pub(crate) fn variant(&mut self, names: &[&str]) -> usize {
        let node = self.node();
        let (name, value) = match node.kind {
            Kind::Text => (node, NOWHERE),
            Kind::Object if node.next > self.at + 1 && self.nodes[self.at + 2].next == node.next => {
                (self.nodes[self.at + 1], self.at + 2)
            }
            _ => {
                self.fail("expected a name, or an object with one name");
                return 0;
            }
        };
        let found = names.iter().position(|it| *it == self.slice(name));
        if found.is_none() {
            let what = format!(
                "nothing here is called `{}` (if a newer ottla wrote it, use that)",
                self.slice(name)
            );
            self.fail(&what);
        }
        self.at = value;
        found.unwrap_or(0)
    }
}

/// `None` for a surrogate without its other half.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('\\');
    out.push_str(pieces.next().unwrap_or_default());
    let mut high = None;
    while let Some(piece) = pieces.next() {
        // An escaped backslash leaves an empty piece before the one that follows it.
        let Some(escape) = piece.bytes().next() else {
            if high.is_some() {
                return None;
            }
            out.push('\\');
            out.push_str(pieces.next().unwrap_or_default());
            continue;
        };
        let mut rest = 1;
        let plain = match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                rest = 5;
                // Four digits, as the scanner saw.
                let unit = u32::from_str_radix(&piece[1..5], 16).unwrap_or_default();
                match (high.take(), unit) {
                    (None, 0xd800..0xdc00) if piece.len() == rest => {
                        high = Some(unit);
                        continue;
                    }
                    (Some(high), 0xdc00..0xe000) => {
                        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00))?
                    }
                    (Some(_), _) => return None,
                    (None, unit) => char::from_u32(unit)?,
                }
            }
            other => char::from(other),
        };
        if high.is_some() {
            return None;
        }
        out.push(plain);
        out.push_str(&piece[rest..]);
    }
    high.is_none().then_some(out)
}

struct Scanner<'r, 'a> {
    reader: &'r mut Reader<'a>,
    pos: usize,
}

impl Scanner<'_, '_> {
    fn document(&mut self) -> Result<(), &'static str> {
        self.value(0)?;
        match self.peek() {
            None => Ok(()),
            Some(_) => Err("something follows the end"),
        }
    }

    /// The next byte that is not space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.reader.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.pos) {
            self.pos += 1;
        }
        bytes.get(self.pos).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST {
            return Err("objects and lists are nested too deeply");
        }
        let first = self.peek();
        let start = self.pos;
        match first {
            Some(b'"') => return self.text(),
            Some(b'[') => return self.list(depth, Kind::List, b']'),
            Some(b'{') => return self.list(depth, Kind::Object, b'}'),
            _ => {}
        }
        let rest = self.reader.text.as_bytes()[start..].iter();
        let word = rest.take_while(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'+' | b'.'));
        self.pos += word.count();
        let kind = match &self.reader.text[start..self.pos] {
            "null" => Kind::Null,
            "true" => Kind::True,
            "false" => Kind::False,
            word if word.starts_with(|it: char| it == '-' || it.is_ascii_digit()) => Kind::Number,
            _ => {
                self.pos = start;
                return Err("expected a value");
            }
        };
        self.reader.push(kind, start, self.pos);
        Ok(())
    }

    fn text(&mut self) -> Result<(), &'static str> {
        if !self.eat(b'"') {
            return Err("expected a name in quotes");
        }
        let start = self.pos;
        let bytes = self.reader.text.as_bytes();
        loop {
            match bytes.get(self.pos) {
                None => return Err("the text has no end"),
                Some(b'"') => break,
                Some(b'\\') => {
                    self.pos += 1;
                    match bytes.get(self.pos) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                        Some(b'u') => {
                            let digits = bytes.get(self.pos + 1..self.pos + 5);
                            if !digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit)) {
                                return Err("\\u needs four hexadecimal digits");
                            }
                        }
                        _ => return Err("an escape that JSON has not"),
                    }
                }
                Some(0..=31) => return Err("a control character in a text"),
                Some(_) => {}
            }
            self.pos += 1;
        }
        self.reader.push(Kind::Text, start, self.pos);
        self.pos += 1;
        Ok(())
    }

    /// A list, or an object.
    fn list(&mut self, depth: usize, kind: Kind, end: u8) -> Result<(), &'static str> {
        let node = self.reader.push(kind, self.pos, self.pos);
        self.pos += 1;
        if !self.eat(end) {
            loop {
                if kind == Kind::Object {
                    self.text()?;
                    if !self.eat(b':') {
                        return Err("expected a colon");
                    }
                }
                self.value(depth + 1)?;
                if self.eat(end) {
                    break;
                }
                if !self.eat(b',') {
                    return Err("expected a comma, or the end of the list or object");
                }
            }
        }
        self.reader.nodes[node].next = self.reader.nodes.len();
        Ok(())
    }
}
