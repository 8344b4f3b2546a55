//! `cargo xtask book`: renders the book of `docs/` into `target/book`, a page per chapter. The sources are mdBook's (`mdbook build docs` does
//! it too, with search and themes).

use anyhow::{Context, Result, ensure};
use pulldown_cmark::{Event, Options, Parser, Tag, html};
use std::path::{Path, PathBuf};

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { max-width: 48rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; font: 17px/1.6 Georgia, serif; }
pre, code { font: 13.5px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .8rem 1rem; border: 1px solid #8886; border-radius: 6px; background: #8881; }
table { border-collapse: collapse; } td, th { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; }
nav { font: 15px/1.5 system-ui, sans-serif; border-bottom: 1px solid #8886; padding-bottom: .6rem; } nav a { display: block; }
";

/// Renders the book.
pub fn run() -> Result<()> {
    let root = armlet_tests::root();
    let pages = render(&root.join("docs/src"), &root.join("target/book"))?;
    println!("{}", pages.first().context("an empty book")?.display());
    Ok(())
}

/// Renders the chapters that `SUMMARY.md` names; gives the pages.
fn render(source: &Path, output: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(output)?;
    let chapters = chapters(&read(&source.join("SUMMARY.md"))?);
    ensure!(!chapters.is_empty(), "the summary names no chapter");
    let mut pages = Vec::new();
    for (index, (title, file)) in chapters.iter().enumerate() {
        let mut body = String::new();
        html::push_html(
            &mut body,
            Parser::new_ext(&read(&source.join(file))?, Options::ENABLE_TABLES),
        );
        let nav: String = chapters
            .iter()
            .map(|(title, file)| format!("<a href=\"{}\">{title}</a>", page_name(file)))
            .collect();
        let next = chapters.get(index + 1).map_or(String::new(), |(title, file)| {
            format!("<p><a rel=\"next\" href=\"{}\">Next: {title}</a></p>", page_name(file))
        });
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{STYLE}</style></head>\n<body><nav>{nav}</nav>\n{body}{next}</body></html>\n"
        );
        let path = output.join(page_name(file));
        std::fs::write(&path, page)?;
        pages.push(path);
    }
    Ok(pages)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn page_name(file: &str) -> String {
    file.replace(".md", ".html")
}

/// Titles and files, from the links of the summary.
fn chapters(summary: &str) -> Vec<(String, String)> {
    let mut chapters: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for event in Parser::new(summary) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                chapters.push((String::new(), dest_url.to_string()));
                inside = true;
            }
            Event::Text(text) if inside => chapters.last_mut().expect("a link").0.push_str(&text),
            Event::End(pulldown_cmark::TagEnd::Link) => inside = false,
            _ => {}
        }
    }
    chapters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_rendered_whole() {
        let output = std::env::temp_dir().join(format!("armlet-book-{}", std::process::id()));
        let pages = render(&armlet_tests::root().join("docs/src"), &output).expect("it renders");
        assert!(pages.len() >= 7, "{pages:?}");
        for (index, page) in pages.iter().enumerate() {
            let text = std::fs::read_to_string(page).expect("a page");
            assert!(text.contains("<h1>") && text.contains("</html>"), "{}", page.display());
            assert!(!text.contains("```"), "{}: a block is not closed", page.display());
            assert!(
                index == 0 || text.contains("<pre><code class=\"language-console\">"),
                "{}",
                page.display()
            );
            assert_eq!(text.contains("rel=\"next\""), index + 1 < pages.len());
            for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(output.join(link).exists(), "{}: {link}", page.display());
            }
        }
        std::fs::remove_dir_all(output).expect("it was ours");
    }
}
