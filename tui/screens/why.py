from textual.screen import Screen
class WhyScreen(Screen[None]):
    def __init__(self, *a): super().__init__()
