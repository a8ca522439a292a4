//! What the hospital says about itself: files a person edits, read anew when they change, no compiling. A folder that does
//! not have a file gets the built-in one; a file that was broken by an edit leaves the last good one standing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use menjie::error::{Code, Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::markdown::{self, Block};

/// No content file is larger.
const LARGEST: u64 = 2 * 1024 * 1024;

/// A department.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// As HIS names it, so that its place can stand beside its bills.
    pub name: String,
    /// `1F window 3` in the hospital's words.
    pub place: String,
    /// What it does, in a sentence or two.
    #[serde(default)]
    pub scope: String,
    /// Its phone.
    #[serde(default)]
    pub phone: String,
    /// What lists, results and slips call it instead: for names that tell too much on a public screen or on paper.
    #[serde(default)]
    pub shown_as: String,
    /// Is it named on the pages about departments?
    #[serde(default = "yes")]
    pub listed: bool,
}

fn yes() -> bool {
    true
}

/// An expert.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expert {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// Department.
    #[serde(default)]
    pub department: String,
    /// Specialty.
    #[serde(default)]
    pub specialty: String,
    /// Clinic times.
    #[serde(default)]
    pub times: String,
    /// A picture in the folder `photos`; initials when there is none.
    #[serde(default)]
    pub photo: Option<String>,
}

impl Expert {
    /// What stands in the place of a missing photo.
    pub fn initial(&self) -> String {
        self.name.chars().next().map(String::from).unwrap_or_default()
    }
}

/// How to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Address.
    pub address: String,
    /// Phone.
    #[serde(default)]
    pub phone: String,
    /// Bus, metro, car: a heading and lines each.
    pub ways: Vec<GuideWay>,
    /// What is on which floor.
    #[serde(default)]
    pub floors: Vec<Floor>,
    /// The map in words, for whoever cannot see it.
    pub map_text: Vec<String>,
    /// A page of a map app, for phones; https only.
    #[serde(default)]
    pub map_link: Option<String>,
}

/// One way to come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideWay {
    /// E.g. `公交`.
    pub name: String,
    /// In lines.
    pub lines: Vec<String>,
}

/// A floor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// E.g. `门诊一楼`.
    pub floor: String,
    /// What is there.
    pub what: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// `intro.md`.
    pub intro: Vec<Block>,
    /// `departments.json`.
    pub departments: Vec<Department>,
    /// `experts.json`.
    pub experts: Vec<Expert>,
    /// `guide.json`.
    pub guide: Guide,
}

impl Said {
    /// A department as others may read it: in a name, or in a sentence that HIS made with it.
    pub fn discreet(&self, text: &str) -> String {
        let mut said = text.to_owned();
        for department in self.departments.iter().filter(|d| !d.shown_as.is_empty()) {
            said = said.replace(&department.name, &department.shown_as);
        }
        said
    }

    /// Where a department is; none when the hospital does not say.
    pub fn place(&self, department: &str) -> Option<&str> {
        self.departments.iter().find(|d| d.name == department).map(|d| d.place.as_str()).filter(|place| !place.is_empty())
    }
}

/// The files and the last good reading of them.
pub struct Content {
    folder: Option<PathBuf>,
    last: Mutex<Arc<Said>>,
}

impl Content {
    /// Reads once; a broken file is refused by name.
    pub fn open(folder: Option<PathBuf>) -> Result<Content> {
        if folder.as_deref().is_some_and(|f| !f.is_dir()) {
            return Err(broken("content", "is no folder"));
        }
        let said = read(folder.as_deref())?;
        Ok(Content { folder, last: Mutex::new(Arc::new(said)) })
    }

    /// What the hospital says now.
    pub fn said(&self) -> Arc<Said> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.folder.is_some() {
            match read(self.folder.as_deref()) {
                Ok(said) if said != **last => *last = Arc::new(said),
                Ok(_) => {}
                Err(error) => tracing::warn!(target: "menjie::content", error = %error, "a content file is broken; the last good one stays"),
            }
        }
        Arc::clone(&last)
    }

    /// A picture of the folder, with its kind: the map, or a photo. Names lead nowhere else.
    pub fn picture(&self, name: &str) -> Option<(&'static str, Vec<u8>)> {
        let plain = !name.starts_with('.') && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) && !name.contains("..");
        let kind = match name.rsplit_once('.')?.1 {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "webp" => "image/webp",
            _ => return None,
        };
        if !plain {
            return None;
        }
        let own = self.folder.as_deref().and_then(|folder| {
            let path = if name == "map.svg" { folder.join(name) } else { folder.join("photos").join(name) };
            bytes(&path)
        });
        own.or_else(|| (name == "map.svg").then(|| include_bytes!("../../content/map.svg").to_vec())).map(|bytes| (kind, bytes))
    }
}

fn bytes(path: &Path) -> Option<Vec<u8>> {
    let small = std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST);
    small.then(|| std::fs::read(path).ok()).flatten()
}

fn read(folder: Option<&Path>) -> Result<Said> {
    let text = |name: &'static str, built_in: &'static str| match folder.map(|f| f.join(name)).filter(|path| path.exists()) {
        Some(path) => bytes(&path).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| broken(name, "cannot be read as UTF-8 text")),
        None => Ok(built_in.to_owned()),
    };
    let guide: Guide = json("guide.json", &text("guide.json", include_str!("../../content/guide.json"))?)?;
    if guide.map_link.as_deref().is_some_and(|link| !link.starts_with("https://")) {
        return Err(broken("guide.json", "map_link must begin with https://"));
    }
    Ok(Said {
        intro: markdown::read(&text("intro.md", include_str!("../../content/intro.md"))?),
        departments: json("departments.json", &text("departments.json", include_str!("../../content/departments.json"))?)?,
        experts: json("experts.json", &text("experts.json", include_str!("../../content/experts.json"))?)?,
        guide,
    })
}

fn json<T: DeserializeOwned>(name: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|e| Error::new(Code::BadPolicy).with("field", format!("server.pages.content/{name}")).with("problem", e.to_string()))
}

fn broken(name: &str, problem: &'static str) -> Error {
    Error::new(Code::BadPolicy).with("field", format!("server.pages.content/{name}")).with("problem", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_content_is_whole() {
        let said = Content::open(None).unwrap().said();
        assert!(!said.intro.is_empty() && said.departments.len() > 5 && !said.experts.is_empty() && !said.guide.map_text.is_empty());
        assert_eq!(said.experts[0].initial().chars().count(), 1);
        assert!(said.place("西药房").is_some() && said.place("没有的科室").is_none());
    }

    #[test]
    fn what_tells_too_much_is_called_otherwise_also_within_a_sentence() {
        let departments = serde_json::from_str(r#"[{"name":"甲病科","place":"二楼","shown_as":"一诊区"},{"name":"检验科","place":"一楼"}]"#).unwrap();
        let said = Said { departments, ..Content::open(None).unwrap().said().as_ref().clone() };
        assert_eq!((said.discreet("甲病科"), said.discreet("请回甲病科就诊"), said.discreet("检验科")), ("一诊区".to_owned(), "请回一诊区就诊".to_owned(), "检验科".to_owned()));
        // No list, result or slip of the built-in example says what kind of hospital it is.
        let ours = Content::open(None).unwrap().said();
        for department in &ours.departments {
            let shown = ours.discreet(&department.name);
            assert!(["精神", "心理", "心身"].iter().all(|word| !shown.contains(word)), "{shown}");
        }
    }

    #[test]
    fn an_edit_shows_and_a_broken_one_leaves_the_last_good() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("departments.json");
        std::fs::write(&file, r#"[{"name":"甲科","place":"一楼"}]"#).unwrap();
        let content = Content::open(Some(folder.path().to_owned())).unwrap();
        assert_eq!(content.said().departments[0].name, "甲科");
        std::fs::write(&file, r#"[{"name":"乙科","place":"一楼"}]"#).unwrap();
        assert_eq!(content.said().departments[0].name, "乙科");
        std::fs::write(&file, "[{").unwrap();
        assert_eq!(content.said().departments[0].name, "乙科");
        assert!(Content::open(Some(folder.path().to_owned())).is_err_and(|e| e.to_string().contains("departments.json")), "a start names the file");
        std::fs::write(&file, r#"[{"name":"丙科","place":"","colour":"red"}]"#).unwrap();
        assert!(read(Some(folder.path())).is_err(), "unknown fields are refused");
    }

    #[test]
    fn pictures_stay_inside_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        std::fs::write(folder.path().join("photos/a.png"), b"x").unwrap();
        std::fs::write(folder.path().join("secret.png"), b"x").unwrap();
        let content = Content::open(Some(folder.path().to_owned())).unwrap();
        assert_eq!(content.picture("a.png"), Some(("image/png", b"x".to_vec())));
        assert!(content.picture("map.svg").is_some());
        for name in ["secret.png", "../secret.png", "..%2fsecret.png", ".a.png", "a.html", "departments.json", "a"] {
            assert!(content.picture(name).is_none(), "{name}");
        }
    }
}
