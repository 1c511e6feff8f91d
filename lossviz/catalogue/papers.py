"""The papers that the losses come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    authors: str
    title: str
    venue: str
    year: int


HADSELL = Paper(
    "Raia Hadsell, Sumit Chopra, Yann LeCun",
    "Dimensionality Reduction by Learning an Invariant Mapping",
    "CVPR",
    2006,
)
HERMANS = Paper(
    "Alexander Hermans, Lucas Beyer, Bastian Leibe",
    "In Defense of the Triplet Loss for Person Re-Identification",
    "arXiv:1703.07737",
    2017,
)
SCHROFF = Paper(
    "Florian Schroff, Dmitry Kalenichenko, James Philbin",
    "FaceNet: A Unified Embedding for Face Recognition and Clustering",
    "CVPR",
    2015,
)
REIMERS = Paper(
    "Nils Reimers, Iryna Gurevych",
    "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
    "EMNLP",
    2019,
)
OORD = Paper(
    "Aäron van den Oord, Yazhe Li, Oriol Vinyals",
    "Representation Learning with Contrastive Predictive Coding",
    "arXiv:1807.03748",
    2018,
)
CARLSSON = Paper(
    "Fredrik Carlsson, Amaru Cuba Gyllensten, Evangelia Gogoulou, Erik Ylipää Hellqvist, Magnus Sahlgren",
    "Semantic Re-tuning with Contrastive Tension",
    "ICLR",
    2021,
)
HUANG = Paper(
    "Xiang Huang, Hao Peng, Dongcheng Zou, Zhiwei Liu, Jianxin Li, Kay Liu, Jia Wu, Jianlin Su, Philip S. Yu",
    "CoSENT: Consistent Sentence Embedding via Similarity Ranking",
    "IEEE/ACM Transactions on Audio, Speech, and Language Processing",
    2024,
)
LI = Paper(
    "Xianming Li, Jing Li",
    "AoE: Angle-optimized Embeddings for Semantic Textual Similarity",
    "ACL",
    2024,
)
RADFORD = Paper(
    "Alec Radford et al.",
    "Learning Transferable Visual Models From Natural Language Supervision",
    "ICML",
    2021,
)
GAO = Paper(
    "Luyu Gao, Yunyi Zhang, Jiawei Han, Jamie Callan",
    "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup",
    "RepL4NLP",
    2021,
)
