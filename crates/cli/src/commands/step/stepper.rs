//! The state of a stepping session: what was executed, what it changed, and until when the program is to run.

use std::collections::{BTreeSet, HashMap, VecDeque};

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_memory::{load, read_bytes, write_bytes};
use armlet_observe::AccessKind;

use super::machine::Isa;

/// Instructions that can be taken back.
const HISTORY: usize = 20_000;

/// Until when the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// One instruction.
    #[default]
    Next,
    /// An address.
    Address(u64),
    /// An address, with the stack at least as high as now: behind a call.
    Over { address: u64, sp: u64 },
    /// The function has returned.
    Return { sp: u64, to: u64 },
    /// A breakpoint or a watched word.
    Breakpoint,
}

/// Behind a call, or the next instruction.
pub fn over(isa: Isa, cpu: &State) -> Goal {
    match isa.behind_call(cpu) {
        Some(address) => Goal::Over {
            address,
            sp: isa.sp(cpu),
        },
        None => Goal::Next,
    }
}

/// One instruction that can be taken back.
struct Undo {
    before: State,
    /// Memory that it wrote, as it was.
    memory: Option<(u64, Vec<u8>)>,
    /// What it did outside of the program cannot be taken back.
    call: bool,
}

/// See the head of the file.
#[derive(Default)]
pub struct Stepper {
    history: VecDeque<Undo>,
    goal: Goal,
    /// Instructions executed to the goal.
    steps: u64,
    /// All of them, less those taken back.
    pub executed: u64,
    /// The line at the bottom.
    pub message: String,
    stopped: bool,
    /// Where the program stops.
    pub breakpoints: BTreeSet<u64>,
    /// The watched word, and its last value.
    pub watched: Option<(u64, u64)>,
    /// How often each instruction was executed.
    counts: HashMap<u64, u32>,
}

impl Stepper {
    /// Sets out.
    pub fn go(&mut self, goal: Goal) {
        self.goal = goal;
        self.steps = 0;
        self.stopped = false;
        self.message.clear();
    }

    /// Stops before the next instruction, and says why.
    pub fn stop(&mut self, why: &str) {
        self.stopped = true;
        self.message = why.to_owned();
    }

    /// Whether the program is to stop here.
    pub fn arrived(&mut self, isa: Isa, cpu: &State) -> bool {
        if self.stopped || self.executed == 0 && self.history.is_empty() && self.steps == 0 && self.goal == Goal::Next {
            return true;
        }
        if self.steps == 0 {
            return false;
        }
        if let Some((address, last)) = &mut self.watched
            && let Ok(now) = load::<u64>(*address)
            && now != *last
        {
            self.message = format!("the word at {address:#x} was {last:#x} and is {now:#x}");
            *last = now;
            return true;
        }
        if self.breakpoints.contains(&cpu.pc) {
            self.message = format!("breakpoint at {:#x}", cpu.pc);
            return true;
        }
        match self.goal {
            Goal::Next => true,
            Goal::Address(address) => cpu.pc == address,
            Goal::Over { address, sp } => cpu.pc == address && isa.sp(cpu) >= sp,
            Goal::Return { sp, to } => cpu.pc == to && isa.sp(cpu) >= sp,
            Goal::Breakpoint => false,
        }
    }

    /// An instruction is about to be executed.
    pub fn before(&mut self, isa: Isa, cpu: &State) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Undo {
            before: cpu.clone(),
            memory: memory_of(isa, cpu),
            call: false,
        });
        *self.counts.entry(cpu.pc).or_default() += 1;
    }

    /// It has been.
    pub fn after(&mut self, _: &State, trap: Option<Trap>) {
        self.steps += 1;
        self.executed += 1;
        if let Some(last) = self.history.back_mut() {
            last.call = matches!(trap, Some(Trap::SupervisorCall { .. }));
        }
        if let Some(trap) = trap.filter(|trap| !matches!(trap, Trap::SupervisorCall { .. })) {
            self.stop(&format!("{trap:?}"));
        }
    }

    /// A system call has come back.
    pub fn called(&mut self, cpu: &State) {
        if self.goal == Goal::Next {
            self.message = format!("the system call has answered {:#x}", cpu.x(0));
        }
    }

    /// Takes back the last instruction.
    pub fn back(&mut self, cpu: &mut State) {
        let Some(undo) = self.history.pop_back() else {
            self.message = "this is as far back as is remembered".to_owned();
            return;
        };
        self.message.clear();
        if let Some((address, bytes)) = undo.memory
            && write_bytes(address, &bytes).is_err()
        {
            self.message = format!("memory at {address:#x} cannot be restored");
        }
        if undo.call {
            self.message = "back before a system call: what it did to the world, and to memory, stays".to_owned();
        }
        let count = self.counts.entry(undo.before.pc).or_default();
        *count = count.saturating_sub(1);
        self.executed -= 1;
        *cpu = undo.before;
        self.goal = Goal::Next;
        self.stopped = true;
        if let Some((address, last)) = &mut self.watched {
            *last = load::<u64>(*address).unwrap_or(*last);
        }
    }

    /// The registers before the last instruction, to see what it changed.
    pub fn previous(&self) -> Option<&State> {
        self.history.back().map(|undo| &undo.before)
    }

    /// For the last picture.
    pub fn last_state(&self) -> Option<State> {
        self.previous().cloned()
    }

    /// How many instructions can be taken back.
    pub fn depth(&self) -> usize {
        self.history.len()
    }

    /// Whether the translator would have translated it by now.
    pub fn is_warm(&self, pc: u64) -> bool {
        self.counts
            .get(&pc)
            .is_some_and(|&count| count > u32::from(armlet_jit::PATIENCE))
    }

    /// Sets or removes a breakpoint.
    pub fn toggle(&mut self, address: u64) {
        if !self.breakpoints.remove(&address) {
            self.breakpoints.insert(address);
        }
    }

    /// Stops when the eight bytes there change.
    pub fn watch(&mut self, address: Option<u64>) {
        self.watched = address.and_then(|address| Some((address, load::<u64>(address).ok()?)));
        self.message = match (address, self.watched) {
            (Some(address), None) => format!("nothing can be read at {address:#x}"),
            (Some(address), Some(_)) => format!("watching {address:#x}"),
            (None, _) => "nothing is watched".to_owned(),
        };
    }
}

/// The memory that the instruction at the program counter is about to write, as it is.
fn memory_of(isa: Isa, cpu: &State) -> Option<(u64, Vec<u8>)> {
    let access = isa.effects(cpu)?.access?;
    if access.kind == AccessKind::Load {
        return None;
    }
    let mut bytes = vec![0; access.size as usize];
    read_bytes(access.address, &mut bytes).ok()?;
    Some((access.address, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executed(stepper: &mut Stepper, cpu: &mut State, change: impl Fn(&mut State)) {
        stepper.before(Isa::A64, cpu);
        change(cpu);
        cpu.pc += 4;
        stepper.after(cpu, None);
    }

    /// Code and data of its own: guest addresses are host addresses.
    fn machine(words: &[u32]) -> State {
        State {
            pc: words.as_ptr() as u64,
            ..State::default()
        }
    }

    #[test]
    fn what_was_executed_is_taken_back_memory_included() {
        armlet_memory::fault::prepare();
        // add x0, x0, #1; str x0, [x1]
        let words = [0x9100_0400u32, 0xf900_0020];
        let mut data = [7u64];
        let mut cpu = machine(&words);
        cpu.set_x(1, data.as_mut_ptr() as u64);
        let start = cpu.clone();
        let mut stepper = Stepper::default();
        executed(&mut stepper, &mut cpu, |cpu| cpu.set_x(0, 1));
        executed(&mut stepper, &mut cpu, |cpu| {
            armlet_memory::store(cpu.x(1), 1u64).expect("it is there");
        });
        assert_eq!(load::<u64>(cpu.x(1)), Ok(1));
        assert_eq!((stepper.executed, stepper.depth()), (2, 2));
        stepper.back(&mut cpu);
        assert_eq!(load::<u64>(cpu.x(1)), Ok(7));
        assert_eq!((cpu.x(0), cpu.pc), (1, start.pc + 4));
        stepper.back(&mut cpu);
        assert_eq!((cpu.x(0), cpu.pc), (0, start.pc));
        stepper.back(&mut cpu);
        assert!(stepper.message.contains("as far back"));
        assert_eq!(stepper.executed, 0);
    }

    #[test]
    fn goals_and_breakpoints() {
        armlet_memory::fault::prepare();
        // nop; bl +8; nop
        let words = [0xd503_201fu32, 0x9400_0002, 0xd503_201f, 0xd503_201f];
        let mut cpu = machine(&words);
        let start = cpu.pc;
        let mut stepper = Stepper::default();
        assert!(stepper.arrived(Isa::A64, &cpu), "it starts with a picture");
        stepper.go(Goal::Address(start + 8));
        executed(&mut stepper, &mut cpu, |_| ());
        assert!(!stepper.arrived(Isa::A64, &cpu));
        assert_eq!(
            over(Isa::A64, &cpu),
            Goal::Over {
                address: start + 8,
                sp: 0
            }
        );
        executed(&mut stepper, &mut cpu, |_| ());
        assert!(stepper.arrived(Isa::A64, &cpu));
        stepper.toggle(start + 12);
        stepper.go(Goal::Breakpoint);
        assert!(!stepper.arrived(Isa::A64, &cpu), "it moves at least once");
        executed(&mut stepper, &mut cpu, |_| ());
        assert!(stepper.arrived(Isa::A64, &cpu));
        assert!(stepper.message.contains("breakpoint"));
    }

    #[test]
    fn a_watched_word_stops_the_program() {
        armlet_memory::fault::prepare();
        let words = [0xd503_201fu32, 0xd503_201f];
        let mut data = [1u64];
        let mut cpu = machine(&words);
        let address = data.as_mut_ptr() as u64;
        let mut stepper = Stepper::default();
        stepper.watch(Some(address));
        stepper.go(Goal::Breakpoint);
        executed(&mut stepper, &mut cpu, |_| ());
        assert!(!stepper.arrived(Isa::A64, &cpu));
        executed(&mut stepper, &mut cpu, |_| {
            armlet_memory::store(address, 2u64).expect("it is there")
        });
        assert!(stepper.arrived(Isa::A64, &cpu));
        assert!(stepper.message.contains("was 0x1 and is 0x2"), "{}", stepper.message);
    }
}
