//! `armlet step` in a real terminal, which tmux provides: keys in, the screen out.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A terminal with armlet in it.
struct Terminal(String);

impl Terminal {
    fn start(name: &str, words: &str) -> Terminal {
        let terminal = Terminal(format!("armlet-{name}-{}", std::process::id()));
        let command = format!(
            "{} step {words}; echo ended with $?; sleep 60",
            env!("CARGO_BIN_EXE_armlet")
        );
        let output = terminal.tmux(&["new-session", "-d", "-x", "160", "-y", "48", &command]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        terminal
    }

    /// A server of its own for each test.
    fn tmux(&self, words: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command
            .args(["-f", "/dev/null", "-L", &self.0])
            .args(words)
            .env("TERM", "screen");
        command.output().expect("tmux is installed")
    }

    fn press(&self, keys: &[&str]) {
        assert!(self.tmux(&[&["send-keys"], keys].concat()).status.success());
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// Waits until the screen is as it should be.
    fn expect(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let screen = self.screen();
            if words.iter().all(|word| screen.contains(word)) {
                return screen;
            }
            assert!(Instant::now() < deadline, "{words:?} did not appear:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn guest(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-binaries/prebuilt/aarch64");
    path.join(name).display().to_string()
}

#[test]
#[ignore = "needs tmux"]
fn forwards_and_back() {
    let terminal = Terminal::start("back", &guest("hello_asm"));
    terminal.expect(&["=>     1010120  mov x0, #1", "0 executed", "fetch", "20 00 80 d2"]);
    terminal.expect(&["movz", "Xd = imm16 << shift"]);
    terminal.press(&["s"]);
    terminal.expect(&["=>     1010124  adr x1", "1 executed", "x0!0000000000000001"]);
    terminal.press(&["s", "s"]);
    terminal.expect(&["=>     101012c  mov x8", "3 executed", "x2!0000000000000013"]);
    terminal.press(&["b"]);
    terminal.expect(&["=>     1010128  mov x2", "2 executed", "x2 0000000000000000"]);
    // To the end of its first system call: the output appears.
    terminal.press(&["g"]);
    terminal.expect(&["run to (address or function)"]);
    terminal.press(&["0x1010134", "Enter"]);
    terminal.expect(&["=>     1010134", "5 executed"]);
    terminal.press(&["b"]);
    terminal.expect(&["4 executed", "back before a system call"]);
    terminal.press(&["c"]);
    terminal.expect(&["has ended with status 7"]);
    terminal.press(&["q"]);
    terminal.expect(&["ended with 7"]);
}

#[test]
#[ignore = "needs tmux"]
fn breakpoints_watch_translation_and_help() {
    let terminal = Terminal::start("break", &guest("hello_asm"));
    terminal.expect(&["0 executed"]);
    terminal.press(&["Down", "Down", "t"]);
    terminal.expect(&["B        1010128"]);
    terminal.press(&["c"]);
    terminal.expect(&["breakpoint at 0x1010128", "2 executed"]);
    terminal.press(&["x"]);
    terminal.expect(&["translation of this block", "x2 = 0x13"]);
    terminal.press(&["?"]);
    terminal.expect(&["take the last one back"]);
    terminal.press(&["?", "w"]);
    terminal.expect(&["watch 8 bytes"]);
    terminal.press(&["nonsense", "Enter"]);
    terminal.expect(&["no address, register or function"]);
    terminal.press(&["q"]);
    terminal.expect(&["ended with 137"]);
}

#[test]
#[ignore = "needs tmux"]
fn aarch32_forwards_and_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-binaries/prebuilt/armhf/hello");
    let terminal = Terminal::start("a32", &path.display().to_string());
    let screen = terminal.expect(&["=>       20388  mov fp, #0", "0 executed", "fetch", "A32", "mov_imm"]);
    assert!(!screen.contains("x30"), "{screen}");
    terminal.press(&["s"]);
    terminal.expect(&["=>       2038c  mov lr, #0", "1 executed"]);
    // From the load on.
    terminal.press(&["g"]);
    terminal.expect(&["run to (address or function)"]);
    // tmux would take 0x203a4 for a letter.
    terminal.press(&["0", "x203a4", "Enter"]);
    terminal.expect(&["=>       203a4  bl #0x203ac", "7 executed", "r0 f"]);
    terminal.press(&["s", "s"]);
    terminal.expect(&["=>       203b0  mov fp, sp", "9 executed", "sp!f"]);
    terminal.press(&["b"]);
    terminal.expect(&["=>       203ac  push {fp, lr}", "8 executed", "memory Store of 8 bytes"]);
    terminal.press(&["x"]);
    terminal.expect(&["translation of this block"]);
    terminal.press(&["q"]);
    terminal.expect(&["ended with 137"]);
}

#[test]
#[ignore = "needs tmux"]
fn it_ends_with_its_terminal() {
    let terminal = Terminal::start("gone", &guest("hello"));
    terminal.expect(&["fetch"]);
    let shell = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout;
    let shell = String::from_utf8_lossy(&shell).trim().to_owned();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("the shell runs");
    let armlet = format!("/proc/{}", children.trim());
    assert!(Path::new(&armlet).exists(), "{armlet}");
    drop(terminal);
    let deadline = Instant::now() + Duration::from_secs(60);
    while Path::new(&armlet).exists() {
        assert!(Instant::now() < deadline, "{armlet} still runs");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_a_terminal_it_says_so() {
    let mut command = Command::new("setsid");
    let output = command
        .arg("-w")
        .arg(env!("CARGO_BIN_EXE_armlet"))
        .arg("step")
        .arg(guest("hello_asm"))
        .output()
        .expect("setsid");
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("needs a terminal"), "{stderr}");
}
