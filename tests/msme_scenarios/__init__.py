"""Small businesses whose truth is known, written apart from ``ml/synthetic`` and from the models that judge them.

``pack`` holds scenarios of honest and of fraudulent businesses; ``boundaries`` holds one business for each edge
of an indicator, with what is expected of it written by hand; ``reference`` computes the indicators of the seed
from their definitions. Nothing here is imported by the product, and nothing here imports the product but the
contracts of the landing files.
"""
