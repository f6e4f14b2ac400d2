//! No circle between the files of a crate: who imports whom is read from their `crate::`, `super::` and `self::` paths.
//!
//! A name that a module only hands on belongs to the file that defines it. What tests import does not count.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{is_word, without_comments_and_text};
use super::source::{Finding, Source};

/// Names that a path goes over on its way to its end: more is a name that hands itself on.
const HOPS_MAX: usize = 16;

type Path = Vec<String>;

/// File names, each with those that it imports from.
type Edges = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<File>> = BTreeMap::new();
    for source in sources.iter().filter(|it| it.is(&["rs"]) && !is_test(&it.path)) {
        if let Some((folder, name)) = source.path.split_once("/src/") {
            crates.entry(folder).or_default().push(File::read(name, &source.text));
        }
    }
    crates.into_iter().flat_map(|(folder, files)| of_crate(folder, files)).collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/")
}

fn of_crate(folder: &str, files: Vec<File>) -> Vec<Finding> {
    let edges = Crate::new(files).edges();
    let imports = |circle: &Vec<&str>, file: &str| {
        let inside = edges[file].iter().map(String::as_str).filter(|it| circle.contains(it));
        format!("{file} → {}", inside.collect::<Vec<_>>().join(", "))
    };
    let told = circles(&edges).into_iter().map(|circle| {
        let told: Vec<String> = circle.iter().map(|file| imports(&circle, file)).collect();
        format!("{folder}/src: a circle of files: {}", told.join("; "))
    });
    told.collect()
}

/// Sets of files that each import all others of the set, over whatever files.
fn circles(edges: &Edges) -> BTreeSet<Vec<&str>> {
    let all: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|it| (it.as_str(), reached(edges, it))).collect();
    let circle = |file: &&str| -> Vec<&str> {
        all[file].iter().filter(|it| all[**it].contains(file)).copied().collect()
    };
    all.keys().map(circle).filter(|it| !it.is_empty()).collect()
}

fn reached<'a>(edges: &'a Edges, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        let imported = edges.get(file).into_iter().flatten();
        next.extend(imported.map(String::as_str).filter(|it| reached.insert(*it)));
    }
    reached
}

/// A file as a module.
struct File {
    name: String,
    module: Path,
    /// Those of its modules that are files.
    modules: BTreeSet<String>,
    imports: Vec<Import>,
    code: String,
}

struct Import {
    name: String,
    path: Path,
    is_public: bool,
}

impl File {
    fn read(name: &str, text: &str) -> File {
        let mut module: Path = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if let Some("mod" | "lib" | "main") = module.last().map(String::as_str) {
            module.pop();
        }
        let (code, imports) = without_imports(&without_tests(&without_comments_and_text(text)));
        let modules =
            words_after(&code, "mod ").filter(|(name, rest)| rest.starts_with(';') && !name.is_empty());
        let modules = modules.map(|(name, _)| name.to_owned()).collect();
        File { name: name.to_owned(), module, modules, imports, code }
    }

    fn import(&self, name: &str) -> Option<&Import> {
        self.imports.iter().find(|it| it.name == name)
    }

    fn defines(&self, name: &str) -> bool {
        const KINDS: [&str; 8] =
            ["struct ", "enum ", "trait ", "fn ", "const ", "static ", "type ", "union "];
        KINDS.iter().any(|kind| words_after(&self.code, kind).any(|it| it.0 == name))
    }
}

struct Crate(BTreeMap<Path, File>);

impl Crate {
    fn new(files: Vec<File>) -> Crate {
        // A library's program is another crate.
        let has_lib = files.iter().any(|it| it.name == "lib.rs");
        let own = files.into_iter().filter(|it| !has_lib || it.name != "main.rs");
        Crate(own.map(|it| (it.module.clone(), it)).collect())
    }

    fn edges(&self) -> Edges {
        let of_file = |file: &File| {
            let imported = file.imports.iter().filter_map(|it| {
                let (target, is_item) = self.find(&file.module, &it.path, 0)?;
                // A module names its own parts; of an imported module the code says which names it uses.
                let hands_on = it.is_public && target.module.starts_with(&file.module);
                (is_item && !hands_on).then_some(target)
            });
            let inline = paths(&file.code).filter_map(|it| Some(self.find(&file.module, &it, 0)?.0));
            let inline: Vec<&File> = inline.collect();
            let names = imported.chain(inline).map(|it| it.name.clone());
            (file.name.clone(), names.filter(|it| *it != file.name).collect())
        };
        self.0.values().map(of_file).collect()
    }

    /// The file that defines what a path names, seen from a module, and whether that is more than the module itself; `None`
    /// for another crate's.
    fn find(&self, from: &Path, path: &[String], hops: usize) -> Option<(&File, bool)> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => at.clear(),
            "self" | "super" => {}
            first => {
                let file = self.0.get(from)?;
                file.modules.get(first).map(drop).or_else(|| file.import(first).map(drop))?;
            }
        }
        while let Some(prefix @ ("crate" | "self" | "super")) = rest.first().map(String::as_str) {
            if prefix == "super" {
                at.pop();
            }
            rest = &rest[1..];
        }
        while let Some((next, after)) = rest.split_first() {
            let file = self.0.get(&at)?;
            if file.modules.contains(next) {
                at.push(next.clone());
                rest = after;
                continue;
            }
            let stars = || file.imports.iter().filter(|it| it.name == "*" && it.is_public);
            let star =
                || stars().find(|it| self.find(&at, &it.path, hops + 1).is_some_and(|it| it.0.defines(next)));
            return match file
                .import(next)
                .map(|it| it.path.clone())
                .or_else(|| star().map(|it| it.path.iter().chain([next]).cloned().collect()))
            {
                Some(mut further) if hops < HOPS_MAX => {
                    further.extend_from_slice(after);
                    self.find(&at, &further, hops + 1)
                }
                _ => Some((file, true)),
            };
        }
        self.0.get(&at).map(|it| (it, false))
    }
}

/// Every `a::b` in code.
fn paths(code: &str) -> impl Iterator<Item = Path> {
    let parts = code.split(|c: char| !is_word(c) && c != ':').filter(|it| it.contains("::"));
    let path = |text: &str| {
        text.split("::").take_while(|it| !it.is_empty() && !it.contains(':')).map(str::to_owned).collect()
    };
    parts.map(path).filter(|it: &Path| it.len() > 1)
}

/// Each word after `before`, with what follows it.
fn words_after<'a>(code: &'a str, before: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let starts = code.match_indices(before).filter(|(at, _)| !code[..*at].ends_with(is_word));
    starts.map(move |(at, _)| {
        let rest = &code[at + before.len()..];
        rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
    })
}

/// The code without its modules of tests.
fn without_tests(code: &str) -> String {
    let (mut left, mut rest) = (String::new(), code);
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        left.push_str(before);
        let mut depth = 0;
        let end = after.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0 && matches!(c, '}' | ';')
        });
        rest = &after[end.map_or(after.len(), |(at, c)| at + c.len_utf8())..];
    }
    left + rest
}

/// The code without its `use`, and what those import.
fn without_imports(code: &str) -> (String, Vec<Import>) {
    let (mut left, mut imports, mut end) = (String::new(), Vec::new(), 0);
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].trim_end();
        let Some(length) = code[at..].find(';') else { continue };
        if at < end || code[..at].ends_with(is_word) {
            continue;
        }
        left.push_str(&code[end..at]);
        end = at + length;
        let is_public = before.ends_with("pub") || before.ends_with(')');
        expand(&[], &code[at + 4..end], &mut |name, path| imports.push(Import { name, path, is_public }));
    }
    left.push_str(&code[end..]);
    (left, imports)
}

/// Every name of a tree such as `a::{self, b::C as D}`.
fn expand(prefix: &[String], tree: &str, found: &mut impl FnMut(String, Path)) {
    let tree = tree.trim();
    if let Some((before, inside)) = tree.split_once('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(before.split("::").map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()));
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inside.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth < 0 || depth == 0 && c == ',' {
                expand(&prefix, &inside[start..at], found);
                start = at + 1;
            }
        }
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (path, alias) =
        tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut whole = prefix.to_vec();
    whole.extend(path.split("::").map(|it| it.trim().to_owned()));
    if whole.len() > 1 {
        whole.pop_if(|last| last == "self");
    }
    let name = alias.map(str::to_owned).or_else(|| whole.last().cloned()).unwrap_or_default();
    whole.pop_if(|last| last == "*");
    found(name, whole);
}

#[cfg(test)]
mod tests {
    use super::super::source::source;
    use super::{File, check, of_crate};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        of_crate("x", files.iter().map(|(name, text)| File::read(name, text)).collect())
    }

    #[test]
    fn files_that_import_each_other_are_named_over_whatever_files() {
        let sources = [
            source("x/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;"),
            source("x/src/a.rs", "use crate::b::B;\npub struct A;"),
            source("x/src/b.rs", "pub struct B;\nfn f() { super::c::g() }"),
            source("x/src/c.rs", "pub fn g(it: crate::A) {}"),
            source("y/src/a.rs", "use crate::b::B;"),
        ];
        assert_eq!(check(&sources), ["x/src: a circle of files: a.rs → b.rs; b.rs → c.rs; c.rs → a.rs"]);
    }

    #[test]
    fn a_name_that_is_handed_on_belongs_to_the_file_that_defines_it() {
        let folder =
            ("m/mod.rs", "mod one;\nmod two;\npub(crate) use one::{One, part as other};\npub use two::*;");
        let files = [
            ("lib.rs", "mod m;\npub use m::One;"),
            folder,
            ("m/one.rs", "use super::Two;\npub struct One;\npub(crate) fn part() {}"),
            ("m/two.rs", "pub struct Two;"),
        ];
        assert_eq!(found(&files), [""; 0]);
        let mut both = files;
        both[3].1 = "use crate::m;\npub struct Two;\nfn f() { m::other() }";
        assert_eq!(found(&both), ["x/src: a circle of files: m/one.rs → m/two.rs; m/two.rs → m/one.rs"]);
        let mut upward = files;
        upward[1].1 = "mod one;\nmod two;\npub use two::*;\nstruct Own(one::One);";
        upward[2].1 = "use super::Own;\npub struct One;";
        assert_eq!(found(&upward), ["x/src: a circle of files: m/mod.rs → m/one.rs; m/one.rs → m/mod.rs"]);
    }

    #[test]
    fn tests_comments_texts_and_other_crates_are_no_imports() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "use crate::b::{self, B};\npub struct A(b::B);"),
            (
                "b.rs",
                "// crate::a::A\nconst T: &str = \"crate::a::A\";\nuse a::A;\npub struct B;\n\
                      #[cfg(test)]\nmod tests {\n  use crate::a::A;\n  fn f() {}\n}",
            ),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
