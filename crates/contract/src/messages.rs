//! The sentences of every code, in both languages and both voices.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Code, Language};

/// The two voices of one code. `{name}` places are filled from a message's args.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentences {
    /// What happened, whether the money is safe, what to do.
    pub cashier: String,
    /// Code, subject, expected and actual, next step.
    pub it: String,
}

type Table = BTreeMap<String, Sentences>;

static ZH_CN: LazyLock<Table> = LazyLock::new(|| parse(include_str!("../messages/zh-CN.json")));
static EN: LazyLock<Table> = LazyLock::new(|| parse(include_str!("../messages/en.json")));

fn parse(text: &str) -> Table {
    // The files are part of the program and a test reads every one; an empty table only shows bare codes.
    serde_json::from_str(text).unwrap_or_default()
}

/// The sentences of a code.
pub fn sentences(language: Language, code: Code) -> Option<&'static Sentences> {
    let table = match language {
        Language::ZhCn => &ZH_CN,
        Language::En => &EN,
    };
    table.get(code.text())
}

/// Fills a sentence's `{name}` places.
pub fn fill(sentence: &str, args: &BTreeMap<String, String>) -> String {
    args.iter().fold(sentence.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(sentence: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_code_has_both_voices_in_both_languages_with_the_same_places() {
        for code in Code::ALL {
            let zh =
                sentences(Language::ZhCn, *code).unwrap_or_else(|| panic!("{} lacks zh-CN", code.text()));
            let en = sentences(Language::En, *code).unwrap_or_else(|| panic!("{} lacks en", code.text()));
            assert_eq!(places(&zh.cashier), places(&en.cashier), "{}", code.text());
            for text in [&zh.cashier, &zh.it, &en.cashier, &en.it] {
                assert!(!text.trim().is_empty(), "{} has an empty sentence", code.text());
            }
        }
    }

    #[test]
    fn no_sentence_is_left_without_a_code() {
        for table in [&*ZH_CN, &*EN] {
            assert_eq!(table.len(), Code::ALL.len());
        }
    }
}
