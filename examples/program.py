numbers = list(map(int, input().split()))
print(sum(x for x in numbers if x % 2 == 0))
