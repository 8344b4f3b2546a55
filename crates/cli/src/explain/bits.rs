//! An instruction word as a row of bits, with a name under every field.

use crate::style::Style;

/// A run of bits of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its highest and its lowest bit.
    pub high: u32,
    /// See `high`.
    pub low: u32,
    /// Its bits as a number.
    pub value: u32,
    /// The operands that are made of it; none: fixed bits.
    pub name: Option<&'static str>,
}

impl Field {
    /// The bits as digits.
    pub fn digits(&self) -> String {
        let width = (self.high - self.low + 1) as usize;
        format!("{:0width$b}", self.value)
    }
}

/// Takes a word apart as its pattern says.
pub fn fields(pattern: &str, word: u32, names: &[(char, &'static str)]) -> Vec<Field> {
    let bits = pattern.len() as u32;
    let mut fields: Vec<(Option<char>, Field)> = Vec::new();
    for (letter, at) in pattern.chars().zip((0..bits).rev()) {
        let kind = letter.is_ascii_alphabetic().then_some(letter);
        let bit = word >> at & 1;
        match fields.last_mut() {
            Some((last, field)) if *last == kind => {
                field.low = at;
                field.value = field.value << 1 | bit;
            }
            _ => {
                let name = kind.map(|letter| {
                    let known = names.iter().find(|(known, _)| *known == letter);
                    known.map_or("", |(_, name)| *name)
                });
                let field = Field {
                    high: at,
                    low: at,
                    value: bit,
                    name,
                };
                fields.push((kind, field));
            }
        }
    }
    fields.into_iter().map(|(_, field)| field).collect()
}

/// Three lines: bit numbers, bits, names; each field in its own colour.
pub fn drawn(fields: &[Field], style: Style) -> String {
    let (mut numbers, mut digits, mut names) = (String::new(), String::new(), String::new());
    let mut colour = 0;
    for field in fields {
        let bits = field.digits();
        let range = match field.high - field.low {
            0 => field.high.to_string(),
            _ => format!("{}:{}", field.high, field.low),
        };
        let name = field.name.unwrap_or("");
        let width = bits.len().max(range.len()).max(name.len());
        numbers += &style.dim(format_args!("{range:<width$} "));
        let (bits, name) = (format!("{bits:<width$} "), format!("{name:<width$} "));
        if field.name.is_some() {
            digits += &style.field(colour, bits);
            names += &style.field(colour, name);
            colour += 1;
        } else {
            digits += &bits;
            names += &name;
        }
    }
    let lines = [numbers, digits, names].map(|line| format!("  {}\n", line.trim_end()));
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_taken_apart() {
        let names = [('z', "sf"), ('h', "high, imm"), ('i', "imm"), ('n', "rn"), ('d', "rd")];
        let fields = fields("z01100010hiiiiiiiiiiiinnnnnddddd", 0xb100_0441, &names);
        let found: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.high, field.low, field.value))
            .collect();
        assert_eq!(
            found,
            [
                (Some("sf"), 31, 31, 1),
                (None, 30, 23, 0b0110_0010),
                (Some("high, imm"), 22, 22, 0),
                (Some("imm"), 21, 10, 1),
                (Some("rn"), 9, 5, 2),
                (Some("rd"), 4, 0, 1)
            ]
        );
        let text = drawn(&fields, Style::plain());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  31 30:23    22        21:10        9:5   4:0");
        assert_eq!(lines[1], "  1  01100010 0         000000000001 00010 00001");
        assert_eq!(lines[2], "  sf          high, imm imm          rn    rd");
    }
}
