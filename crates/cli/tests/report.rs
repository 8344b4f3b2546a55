//! `armlet report`: that the page tells what the statistics tell; and in a real browser: it opens from a file, runs without an error, fetches
//! nothing, marks what belongs together, and is there in light and dark.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt")
        .join(name)
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.html"))
}

fn report(page: &Path, flags: &[&str], program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    command.args(["report", "-o"]).arg(page).args(flags);
    command.arg(guest(program)).args(arguments);
    command.output().expect("armlet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_page_holds_everything() {
    for program in ["aarch64/nqueens", "armhf/nqueens", "armel/nqueens"] {
        let path = page(&program.replace('/', "-"));
        let output = report(&path, &[], program, &["7"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "queens 7: 40 40\n");
        let page = fs::read_to_string(&path).expect("the page");
        for id in ["summary", "times", "timeline", "hottest", "mix", "calls", "code"] {
            assert!(page.contains(&format!("<section id=\"{id}\">")), "{program}: {id}");
        }
        for words in ["prefers-color-scheme: dark", "exit_group", "guest instructions"] {
            assert!(page.contains(words), "{program}: {words}");
        }
        for fetched in ["http://", "https://", "src=", "<link", "@import", "url("] {
            assert!(!page.contains(fetched), "{program}: {fetched}");
        }
        if armlet_jit::supported() {
            let rows = page.matches("class=\"cell arm\"").count();
            // A comparison that its branch has taken in, or flags that nobody reads, leave their cells empty.
            let nothing = page.matches("class=\"nothing\"").count();
            assert!(rows > 50, "{program}: {rows} instructions are shown");
            assert!(
                nothing * 3 < rows,
                "{program}: {nothing} cells of {rows} rows are empty"
            );
        }
    }
}

#[test]
fn the_programs_status_and_flags_are_kept() {
    let path = page("status");
    let output = report(
        &path,
        &["--engine=interp", "--quiet-faults"],
        "aarch64/fault",
        &["exit", "7"],
    );
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    let page = fs::read_to_string(&path).expect("the page");
    assert!(
        page.contains("exited 7 (interp engine)") && page.contains("Nothing was translated."),
        "{page}"
    );
}

/// Below another root directory, the statistics come back all the same.
#[test]
fn a_program_in_a_root_directory_is_reported() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-root");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(root.join("tmp")).expect("a root directory");
    fs::copy(guest("aarch64/hello"), root.join("hello")).expect("a program");
    let path = page("rootfs");
    let _ = fs::remove_file(&path);
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    let words = [
        "report",
        "-o",
        path.to_str().expect("UTF-8"),
        "--rootfs",
        root.to_str().expect("UTF-8"),
        "/hello",
    ];
    let output = command.args(words).output().expect("armlet starts");
    let said = text(&output.stderr);
    if said.contains("user namespaces") || said.contains("permitted") {
        return eprintln!("not tested: {said}");
    }
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        fs::read_to_string(&path).expect("the page").contains("exited 0"),
        "{said}"
    );
    assert_eq!(fs::read_dir(root.join("tmp")).expect("it is there").count(), 0);
}

#[test]
fn what_cannot_be_run_leaves_no_page() {
    let path = page("missing");
    let output = report(&path, &[], "aarch64/no-such-program", &[]);
    assert_eq!(output.status.code(), Some(127));
    assert!(
        text(&output.stderr).contains("no-such-program"),
        "{}",
        text(&output.stderr)
    );
    assert!(!path.exists());
    let output = report(Path::new("/no-such-directory/page.html"), &[], "aarch64/hello", &[]);
    assert_eq!(output.status.code(), Some(125));
    assert!(output.stdout.is_empty(), "the program was run");
}

/// What is asked in the page itself, after its own script; the answers are words in the document's title.
const QUESTIONS: &str = r#"
<script>
const answers = [];
const marked = () => [...document.querySelectorAll(".cell.on")].map(cell => cell.className.replace("cell ", "").replace(" on", "") + "@" + cell.dataset.pc);
const say = (name, value) => answers.push(name + "=" + value);
addEventListener("load", () => setTimeout(() => {
  say("linked", marked().join(","));
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  say("escaped", marked().length);
  const arm = [...document.querySelectorAll(".cell.arm code")].find(code => code.dataset.pc !== location.hash.slice(2));
  const move = element => element.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  move(arm);
  say("pointed", marked().join(","));
  say("wanted", ["arm", "ir", "x86"].map(kind => kind + "@" + arm.dataset.pc).join(","));
  move(document.querySelector("h1"));
  say("left", marked().length);
  const x86 = document.querySelector(`.cell.x86[data-pc="${arm.dataset.pc}"] code`);
  x86.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  move(document.querySelector("h1"));
  say("kept", marked().join(",") + location.hash);
  say("color", getComputedStyle(document.querySelector(".cell.on")).backgroundColor.replaceAll(" ", ""));
  const back = () => getComputedStyle(document.body).backgroundColor.replaceAll(" ", "");
  say("before", back());
  document.getElementById("theme").click();
  say("after", back());
  document.getElementById("theme").click();
  say("again", back());
  say("fetched", performance.getEntriesByType("resource").length);
  say("wide", document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  say("errors", errors.join("|"));
  document.title = answers.join(" ");
}, 0));
</script>
</body>"#;

/// Opens a page in a headless browser; the answers to [`QUESTIONS`].
fn ask(path: &Path, fragment: &str, dark: bool) -> Vec<(String, String)> {
    let original = fs::read_to_string(path).expect("the page");
    let listening = "<head><script>const errors = []; addEventListener(\"error\", event => errors.push(event.message)); \
        addEventListener(\"securitypolicyviolation\", event => errors.push(event.blockedURI));</script>";
    let asked = original
        .replacen("<head>", listening, 1)
        .replacen("</body>", QUESTIONS, 1);
    let copy = path.with_extension(format!("asked-{dark}.html"));
    fs::write(&copy, asked).expect("a copy");
    let profile = path.with_extension(format!("profile-{dark}"));
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            if dark { 0 } else { 1 }
        ))
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--virtual-time-budget=5000", "--window-size=1300,900", "--dump-dom"])
        .arg(format!("file://{}{fragment}", copy.display()))
        .output()
        .expect("chromium is installed");
    let _ = fs::remove_dir_all(profile);
    let document = text(&output.stdout);
    let title = document
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    let title = title.unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    let pairs = title.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_it_and_links_the_columns() {
    for program in ["aarch64/sieve", "armhf/sieve"] {
        let path = page(&format!("browser-{}", program.replace('/', "-")));
        let output = report(&path, &[], program, &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let page = fs::read_to_string(&path).expect("the page");
        let ids = page.split("<code id=\"i").skip(1);
        let linked = ids
            .filter_map(|rest| rest.split('"').next())
            .nth(3)
            .expect("an instruction");
        for dark in [false, true] {
            let answers = ask(&path, &format!("#i{linked}"), dark);
            let of = |name: &str| {
                let found = answers.iter().find(|(known, _)| known == name);
                &*found.unwrap_or_else(|| panic!("{name}: {answers:?}")).1
            };
            assert_eq!(of("linked"), format!("arm@{linked},ir@{linked},x86@{linked}"));
            assert_eq!(of("escaped"), "0");
            assert_eq!(of("pointed"), of("wanted"));
            assert_eq!(of("left"), "0");
            let pointed = of("wanted")
                .split(',')
                .next()
                .and_then(|first| first.split('@').nth(1))
                .expect("an address");
            assert_eq!(of("kept"), format!("{}#i{pointed}", of("wanted")));
            let (light, black) = ("rgb(252,252,251)", "rgb(20,23,27)");
            let (own, other) = if dark { (black, light) } else { (light, black) };
            assert_eq!([of("before"), of("after"), of("again")], [own, other, own]);
            assert_eq!(of("color"), if dark { "rgb(91,74,18)" } else { "rgb(255,229,154)" });
            assert_eq!([of("fetched"), of("wide"), of("errors")], ["0", "true", ""]);
        }
    }
}
