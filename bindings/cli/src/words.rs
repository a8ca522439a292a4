//! The words of the terminal, Chinese or English by the locale.

/// Which language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Chinese,
    English,
}

impl Words {
    /// As the locale says.
    pub(crate) fn of_environment() -> Words {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        Words::of_locale(set)
    }

    /// The first setting that is not empty decides.
    fn of_locale(mut settings: impl Iterator<Item = String>) -> Words {
        match settings.find(|value| !value.is_empty()) {
            Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Words::Chinese,
            Some(_) | None => Words::English,
        }
    }

    /// One of the two.
    pub(crate) const fn pick(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Words::Chinese => chinese,
            Words::English => english,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn the_first_setting_that_is_not_empty_decides() {
        let of = |settings: &[&str]| Words::of_locale(settings.iter().map(|s| (*s).to_owned()));
        assert_eq!(of(&["zh_CN.UTF-8"]), Words::Chinese);
        assert_eq!(of(&["", "ZH_TW", "en_US"]), Words::Chinese);
        assert_eq!(of(&["C", "zh_CN"]), Words::English);
        assert_eq!(of(&[]), Words::English);
    }
}
