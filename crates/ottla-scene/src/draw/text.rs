//! Text styles, and how wide text is.

/// Type sizes. The smallest is for letters inside cells and for axes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// 11 px.
    Micro,
    /// 12 px.
    Small,
    /// 14 px.
    Body,
    /// 20 px.
    Title,
}

impl Size {
    /// In CSS pixels.
    pub fn px(self) -> f32 {
        match self {
            Self::Micro => 11.0,
            Self::Small => 12.0,
            Self::Body => 14.0,
            Self::Title => 20.0,
        }
    }
}

/// Size, weight and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Style {
    /// Size.
    pub size: Size,
    /// 700 instead of 400.
    pub strong: bool,
    /// The monospaced family.
    pub mono: bool,
}

impl Style {
    /// Letters in cells.
    pub const LETTER: Self = Self::new(Size::Micro).strong();
    /// Figures on axes.
    pub const MICRO: Self = Self::new(Size::Micro);
    /// Labels.
    pub const LABEL: Self = Self::new(Size::Small);
    /// Names.
    pub const NAME: Self = Self::new(Size::Small).strong();
    /// Code.
    pub const CODE: Self = Self::new(Size::Small).mono();
    /// Station heads.
    pub const HEAD: Self = Self::new(Size::Body).strong();

    /// Plain text of a size.
    pub const fn new(size: Size) -> Self {
        Self {
            size,
            strong: false,
            mono: false,
        }
    }

    /// The same, bold.
    pub const fn strong(self) -> Self {
        Self { strong: true, ..self }
    }

    /// The same, monospaced.
    pub const fn mono(self) -> Self {
        Self { mono: true, ..self }
    }
}

/// Which end of the text its position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// How wide text is. A browser measures; tests estimate.
pub trait Measure {
    /// Width in CSS pixels.
    fn width(&self, text: &str, style: Style) -> f32;

    /// The text, shortened with an ellipsis until it fits.
    fn fit(&self, text: &str, style: Style, room: f32) -> String {
        if self.width(text, style) <= room {
            return text.to_owned();
        }
        let mut chars: Vec<char> = text.chars().collect();
        while chars.pop().is_some() {
            let shorter: String = chars.iter().chain(['\u{2026}'].iter()).collect();
            if self.width(&shorter, style) <= room {
                return shorter;
            }
        }
        String::new()
    }
}

/// An estimate from the kind of each character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Approximate;

impl Measure for Approximate {
    fn width(&self, text: &str, style: Style) -> f32 {
        let em = |c: char| match c {
            _ if style.mono && c.is_ascii() => 0.5,
            'i' | 'j' | 'l' | '.' | ',' | ' ' | ':' | '\'' | '|' | '(' | ')' => 0.28,
            'm' | 'w' | 'M' | 'W' => 0.85,
            c if c.is_ascii() => 0.56,
            c if ('\u{1100}'..='\u{ffdc}').contains(&c) => 0.95,
            _ => 0.7,
        };
        let bold = if style.strong { 1.05 } else { 1.0 };
        text.chars().map(em).sum::<f32>() * style.size.px() * bold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_only_what_does_not_fit() {
        let fit = |room| Approximate.fit("orders-2", Style::NAME, room);
        assert_eq!(fit(200.0), "orders-2");
        let short = fit(30.0);
        assert!(short.ends_with('\u{2026}') && short.len() < 10, "{short}");
        assert_eq!(fit(0.0), "");
    }
}
