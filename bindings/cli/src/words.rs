//! The words of the terminal, Chinese or English by the locale.

/// Which language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Chinese,
    English,
}

impl Words {
    /// As `--lang` says, otherwise as the locale does. Help is made before the command line is read, so this looks for itself.
    pub(crate) fn of_process() -> Words {
        let mut given = std::env::args_os().skip(1).filter_map(|arg| arg.into_string().ok());
        Words::of_arguments(&mut given).unwrap_or_else(Words::of_environment)
    }

    fn of_arguments(given: &mut impl Iterator<Item = String>) -> Option<Words> {
        let word = given.find_map(|arg| match arg.strip_prefix("--lang") {
            Some("") => Some(None),
            Some(rest) => rest.strip_prefix('=').map(|word| Some(word.to_owned())),
            None => None,
        });
        match word?.or_else(|| given.next())?.as_str() {
            "zh" => Some(Words::Chinese),
            "en" => Some(Words::English),
            _ => None,
        }
    }

    /// As the locale says.
    fn of_environment() -> Words {
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

    #[test]
    fn lang_decides_wherever_it_stands() {
        let of = |given: &[&str]| Words::of_arguments(&mut given.iter().map(|s| (*s).to_owned()));
        assert_eq!(of(&["audit", "--lang", "zh", "--help"]), Some(Words::Chinese));
        assert_eq!(of(&["--lang=en"]), Some(Words::English));
        for other in [&["--lang"][..], &["--lang", "fr"], &["--language", "zh"], &[]] {
            assert_eq!(of(other), None);
        }
    }
}
