//! From rules as written to rules that run; everything that can be wrong with one is found here.

use super::{
    MAX_RULES, Phase, RuleId,
    condition::Conditions,
    destination::Destination,
    error::{Problem, RewritesError, RuleError},
    index::Index,
    route::Rewrites,
    rule::RewriteRule,
};
use crate::{
    path::CanonicalPath,
    pattern::{Case, Leading, ParameterName, ParameterSpec, Pattern, same_text},
};
use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) index: Index,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) written: RewriteRule,
    pub(super) pattern: Pattern,
    pub(super) conditions: Conditions,
    pub(super) destination: Destination,
    pub(super) outside_base_path: bool,
}

/// Collects rules.
#[derive(Clone, Debug, Default)]
pub struct RewritesBuilder {
    base_path: String,
    case: Case,
    lists: [Vec<RewriteRule>; 3],
}

impl RewritesBuilder {
    /// Appends rules to `beforeFiles`.
    #[must_use]
    pub fn before_files(self, rules: impl IntoIterator<Item = RewriteRule>) -> Self {
        self.extend(Phase::BeforeFiles, rules)
    }

    /// Appends rules to `afterFiles`, which is what a plain list means.
    #[must_use]
    pub fn after_files(self, rules: impl IntoIterator<Item = RewriteRule>) -> Self {
        self.extend(Phase::AfterFiles, rules)
    }

    /// Appends rules to `fallback`.
    #[must_use]
    pub fn fallback(self, rules: impl IntoIterator<Item = RewriteRule>) -> Self {
        self.extend(Phase::Fallback, rules)
    }

    fn extend(mut self, phase: Phase, rules: impl IntoIterator<Item = RewriteRule>) -> Self {
        let [before_files, after_files, fallback] = &mut self.lists;
        let list = match phase {
            Phase::BeforeFiles => before_files,
            Phase::AfterFiles => after_files,
            Phase::Fallback => fallback,
        };
        list.extend(rules);
        self
    }

    /// The path that the application lives under, such as `/docs`: stands in front of every source
    /// and every local destination. Empty for none.
    #[must_use]
    pub fn base_path(mut self, base_path: impl Into<String>) -> Self {
        self.base_path = base_path.into();
        self
    }

    /// Whether sources are compared with regard to case. Use the same for the matcher.
    #[must_use]
    pub const fn case(mut self, case: Case) -> Self {
        self.case = case;
        self
    }

    /// Checks and compiles the rules.
    ///
    /// # Errors
    ///
    /// All rules that can't be used, with all that is wrong with each.
    pub fn build(self) -> Result<Rewrites, RewritesError> {
        let Self { base_path, case, lists } = self;
        let mut problems = Vec::new();
        let mut general = Vec::new();
        if !is_base_path(&base_path) {
            general.push(Problem::BasePath);
        }
        if lists.iter().map(Vec::len).sum::<usize>() > MAX_RULES {
            general.push(Problem::TooMany);
        }
        if !general.is_empty() {
            let error = RuleError { rule: None, route: String::new(), problems: general };
            return Err(RewritesError { problems: alloc::vec![error] });
        }
        let mut compile = |phase: Phase, list: &[RewriteRule]| {
            let mut rules = Rules::default();
            for (index, rule) in list.iter().enumerate() {
                match Rule::new(rule, &base_path, case) {
                    Ok(rule) => rules.push(rule, &base_path),
                    Err(found) => problems.push(RuleError {
                        rule: Some(RuleId { phase, index }),
                        route: rule.to_string(),
                        problems: found,
                    }),
                }
            }
            rules
        };
        let [before_files, after_files, fallback] = &lists;
        let before_files = compile(Phase::BeforeFiles, before_files);
        let after_files = compile(Phase::AfterFiles, after_files);
        let fallback = compile(Phase::Fallback, fallback);
        if problems.is_empty() {
            Ok(Rewrites { base_path, case, before_files, after_files, fallback })
        } else {
            Err(RewritesError { problems })
        }
    }
}

/// Whether `base_path` is empty, or plain canonical text that can stand in front of a path.
pub(super) fn is_base_path(base_path: &str) -> bool {
    let plain = |char: char| !matches!(char, ':' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '#');
    base_path.is_empty()
        || !base_path.ends_with('/')
            && base_path.chars().all(plain)
            && CanonicalPath::parse(base_path).is_ok_and(|path| path.as_str() == base_path)
}

/// `path` as it is below `base_path`; `None` if it is elsewhere.
pub(super) fn without_base<'p>(path: &'p str, base_path: &str, case: Case) -> Option<&'p str> {
    if base_path.is_empty() {
        return Some(path);
    }
    let (start, rest) = path.split_at_checked(base_path.len())?;
    if !same_text(base_path, start, case) {
        return None;
    }
    match rest {
        "" => Some("/"),
        _ => Some(rest).filter(|rest| rest.starts_with('/')),
    }
}

impl Rules {
    fn push(&mut self, rule: Rule, base_path: &str) {
        let number = self.rules.len();
        let base_path = if rule.outside_base_path { "" } else { base_path };
        let mut leading: Vec<_> = base_path.split('/').skip(1).map(Leading::Literal).collect();
        leading.extend(rule.pattern.leading_segments());
        self.index.insert(leading, number);
        self.rules.push(rule);
    }
}

impl Rule {
    fn new(rule: &RewriteRule, base_path: &str, case: Case) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let conditions = Conditions::new(&rule.has, &rule.missing, &mut problems);
        let pattern = if rule.source.is_empty() {
            Err(Problem::SourceMissing)
        } else if !rule.source.starts_with('/') {
            Err(Problem::SourceStart)
        } else {
            Pattern::new(&rule.source, case).map_err(Problem::Source)
        };
        let pattern = pattern.map_err(|problem| problems.push(problem)).ok();
        let specs = pattern.as_ref().map(Pattern::parameters).unwrap_or_default();
        let names = Names { specs, conditions: &conditions };

        let destination = if rule.destination.is_empty() {
            Err(Problem::DestinationMissing)
        } else {
            let known = |name: &str| names.is_known(name);
            Destination::new(&rule.destination, base_path, &known).map_err(Problem::Destination)
        };
        let destination = destination.map_err(|problem| problems.push(problem)).ok();
        if let (Some(_), Some(destination)) = (&pattern, &destination) {
            names.check(destination, &mut problems);
            let inside = !rule.outside_base_path || base_path.is_empty();
            if !inside && !destination.is_external() {
                problems.push(Problem::InternalOutsideBasePath);
            }
        }
        match (pattern, destination) {
            (Some(pattern), Some(destination)) if problems.is_empty() => {
                let outside_base_path = rule.outside_base_path;
                Ok(Self {
                    written: rule.clone(),
                    pattern,
                    conditions,
                    destination,
                    outside_base_path,
                })
            }
            _ => Err(problems),
        }
    }
}

/// The parameters that a rule yields, by name.
struct Names<'n> {
    specs: &'n [ParameterSpec],
    conditions: &'n Conditions,
}

impl Names<'_> {
    fn any_in_path(&self, name: &str, test: impl Fn(&ParameterSpec) -> bool) -> bool {
        self.specs.iter().any(|spec| {
            matches!(spec.name(), ParameterName::Named(candidate) if candidate == name)
                && test(spec)
        })
    }

    fn is_captured(&self, name: &str) -> bool {
        self.conditions.names().any(|candidate| candidate == name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.any_in_path(name, |_| true) || self.is_captured(name)
    }

    fn is_repeated(&self, name: &str) -> bool {
        self.any_in_path(name, ParameterSpec::is_repeated)
    }

    fn may_be_absent(&self, name: &str) -> bool {
        self.any_in_path(name, ParameterSpec::is_optional) || self.is_captured(name)
    }

    /// Whether `name` is the number of a group without a name.
    fn is_unnamed(&self, name: &str) -> bool {
        self.specs.iter().any(|spec| {
            matches!(spec.name(), ParameterName::Numbered(number) if number.to_string() == name)
        })
    }

    /// Checks that a destination asks for what there is, in a way that it can be filled in.
    fn check(&self, destination: &Destination, problems: &mut Vec<Problem>) {
        let mut unnamed = Vec::new();
        let mut unknown = Vec::new();
        for place in destination.places() {
            let name = &place.name;
            if self.is_known(name) {
                let problem = Problem::MultiMatch(name.clone());
                if self.is_repeated(name) && !place.repeated && !problems.contains(&problem) {
                    problems.push(problem);
                }
                continue;
            }
            let list =
                if !place.unnamed && self.is_unnamed(name) { &mut unnamed } else { &mut unknown };
            if !list.contains(name) {
                list.push(name.clone());
            }
        }
        for place in destination.host_places() {
            if self.any_in_path(&place.name, ParameterSpec::is_optional) {
                problems.push(Problem::OptionalHostParam(place.name.clone()));
            }
        }
        if !unnamed.is_empty() {
            problems.push(Problem::UnnamedParams(unnamed));
        }
        if !unknown.is_empty() {
            problems.push(Problem::UnknownParams(unknown));
        }
        if let Err(error) = destination.check_path(&|name| self.may_be_absent(name)) {
            problems.push(Problem::Destination(error));
        }
    }
}
