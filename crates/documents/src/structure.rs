//! The structure tree of a paper: what a screen reader follows.
//!
//! Nodes are made in reading order while the blocks are composed. The drawing step adds to each
//! node the marked contents that show it; whatever belongs to no node is an artifact.

/// The kind of a structure element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Document,
    Heading1,
    Heading2,
    Paragraph,
    List,
    ListItem,
    ItemLabel,
    ItemBody,
    Table,
    TableRow,
    TableHeading,
    TableCell,
    Figure,
}

impl Role {
    /// The standard structure type of PDF.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::Heading1 => "H1",
            Self::Heading2 => "H2",
            Self::Paragraph => "P",
            Self::List => "L",
            Self::ListItem => "LI",
            Self::ItemLabel => "Lbl",
            Self::ItemBody => "LBody",
            Self::Table => "Table",
            Self::TableRow => "TR",
            Self::TableHeading => "TH",
            Self::TableCell => "TD",
            Self::Figure => "Figure",
        }
    }
}

/// A node of the tree by its place in [`Structure::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) usize);

/// What a structure element holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kid {
    Node(NodeId),
    /// A marked content of a page (counted from 0).
    Content {
        page: usize,
        mcid: usize,
    },
}

/// One structure element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) parent: Option<NodeId>,
    pub(crate) kids: Vec<Kid>,
    /// The words for a picture or a drawn mark.
    pub(crate) alt: Option<String>,
    /// What the element says, in the order it was typed.
    pub(crate) text: String,
    /// Where a figure lies on its page: left, bottom, right, top in points.
    pub(crate) bounds: Option<[f32; 4]>,
}

/// The tree. Node 0 is the document.
#[derive(Debug, Clone)]
pub(crate) struct Structure {
    pub(crate) nodes: Vec<Node>,
}

impl Structure {
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node {
                role: Role::Document,
                parent: None,
                kids: Vec::new(),
                alt: None,
                text: String::new(),
                bounds: None,
            }],
        }
    }

    /// Adds an element as the last kid of `parent`.
    pub(crate) fn add(&mut self, parent: NodeId, role: Role) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            role,
            parent: Some(parent),
            kids: Vec::new(),
            alt: None,
            text: String::new(),
            bounds: None,
        });
        self.nodes[parent.0].kids.push(Kid::Node(id));
        id
    }

    /// Adds an element that is drawn and described in words.
    pub(crate) fn add_described(&mut self, parent: NodeId, role: Role, alt: &str) -> NodeId {
        let id = self.add(parent, role);
        self.nodes[id.0].alt = Some(alt.to_owned());
        id
    }

    /// Notes that the marked content shows the element.
    pub(crate) fn shown_by(&mut self, id: NodeId, page: usize, mcid: usize) {
        self.nodes[id.0].kids.push(Kid::Content { page, mcid });
    }
}
