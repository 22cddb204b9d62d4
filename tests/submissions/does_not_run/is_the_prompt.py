Write a test for `price`: what do two of them cost, and what does it
say when somebody asks for fewer than none?
