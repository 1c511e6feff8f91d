"""Train a sentence-transformer on pairs, each anchor against the positives of every device:

    torchrun --nproc-per-node 4 examples/train.py --model MODEL --data pairs.csv --out trained

``--model`` is a folder or a name that sentence-transformers loads; ``--data`` a CSV file, or JSON lines, with the
columns anchor and positive (negative too, if there is one). ``--batch`` counts the rows of one device; ``--mini-batch``
how many of them the model reads at a time, where they do not fit at once. Started with python, it runs on one device.
"""

import argparse

import torch
from datasets import load_dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments

import lossviz


def main() -> None:
    given = arguments()
    kind = "csv" if given.data.endswith("csv") else "json"
    data = load_dataset(kind, data_files=given.data, split="train")
    model = SentenceTransformer(given.model)
    loss = lossviz.training.for_trainer(
        lossviz.MultipleNegativesRankingLoss(scale=given.scale),
        model,
        mini_batch_size=given.mini_batch,
        gather=not given.alone,
    )
    settings = SentenceTransformerTrainingArguments(
        given.out,
        num_train_epochs=given.epochs,
        per_device_train_batch_size=given.batch,
        learning_rate=given.learning_rate,
        use_cpu=not torch.accelerator.is_available(),
        logging_steps=1,
        save_strategy="no",
        report_to="none",
    )
    trainer = SentenceTransformerTrainer(model, settings, train_dataset=data, loss=loss)
    trainer.train()
    trainer.save_model(given.out)
    trainer.save_state()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", default="trained")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--mini-batch", type=int)
    parser.add_argument("--scale", type=float, default=20.0)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=2e-5)
    parser.add_argument("--alone", action="store_true", help="every device ranks its own batch alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
